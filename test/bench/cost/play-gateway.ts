/**
 * Plays calls through the gateway of the service in real time, for an isolate gathers what it has to tell by real
 * timers: decided, ended, folded, signed. One isolate has them all.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Played } from "../../harness/cost/use.ts";
import { randomSource } from "../../harness/load.ts";
import { openLoop } from "../../harness/open-loop.ts";
import type { Runtime } from "../../harness/runtime.ts";
import { workerdCpuMs } from "../../harness/workerd-usage.ts";
import { Player } from "./player.ts";
import type { GatewayScenario } from "./scenario.ts";
import { settleBill } from "./settle-bill.ts";
import { FOLDED_AFTER_MS, readersAndTicks } from "./traffic.ts";
import { ENTRIES_KEPT_MS, FROM_MS, ORG, warmUp } from "./warm-up.ts";

const CONNECTIONS = 50;
const CALL_MS = 20;
/** Until all that ended is in D1. */
const SETTLE_MS = 2_000;

export async function playGateway(runtime: Runtime, scenario: GatewayScenario): Promise<Played> {
  const { callsPerSecond, minutes, series } = scenario;
  const player = await Player.of(runtime, CONNECTIONS);
  const call = (tool: number) =>
    player.send("POST", `/gateway/call?org=${ORG}&ms=${CALL_MS}&tool=${tool}`, undefined);
  await warmUp(player, series);
  await player.goOn();
  const startedCpuMs = workerdCpuMs();
  const random = randomSource(14);
  const calls = callsPerSecond * minutes * 60;
  await Promise.all([
    openLoop(callsPerSecond, calls, () => call(Math.floor(random() * series))),
    readAndTick(player, minutes),
  ]);
  await delay(SETTLE_MS);
  const foldedMs = FROM_MS + minutes * 60_000 + FOLDED_AFTER_MS;
  await player.standAt(foldedMs);
  await player.tick(foldedMs);
  const time = { startedCpuMs, minutes, prunedAtMs: FROM_MS + ENTRIES_KEPT_MS };
  return { calls, ...(await settleBill(player, time)) };
}

async function readAndTick(player: Player, minutes: number): Promise<void> {
  const startedAtMs = performance.now();
  const moments = readersAndTicks(minutes, 0).sort((a, b) => a.atMs - b.atMs);
  for (const { atMs, does } of moments) {
    await delay(Math.max(0, startedAtMs + atMs - performance.now()));
    if (does === "tick") await player.tick(FROM_MS + atMs);
    else await player.send("GET", `/v1/orgs/${ORG}/metrics`, undefined);
  }
}
