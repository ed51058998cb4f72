/** Plays the decisions and completions that gateways append, and the ticks that have them signed. */

import type { ReportedEvent } from "#audit/audit-event-schema.ts";
import { AuditFleet } from "../../harness/audit-load.ts";
import type { Played } from "../../harness/cost/use.ts";
import type { Runtime } from "../../harness/runtime.ts";
import { workerdCpuMs } from "../../harness/workerd-usage.ts";
import { Player } from "./player.ts";
import type { LedgerScenario } from "./scenario.ts";
import { settleBill } from "./settle-bill.ts";
import { INSTANCES, TICK_MS } from "./traffic.ts";
import { ENTRIES_KEPT_MS, FROM_MS, ORG } from "./warm-up.ts";

const LOAD = { hasEventIds: true, tracedShare: 0.5 };
/** Of `AuditFleet`: two of a call, one of the 4 % that are denied, and one of each 50th, which is a plugin's. */
const EVENTS_PER_CALL = (49 * 1.96 + 1) / 50;

export async function playLedger(runtime: Runtime, scenario: LedgerScenario): Promise<Played> {
  const { callsPerSecond, eventsPerAppend, minutes } = scenario;
  const player = await Player.of(runtime, 1);
  await player.standAt(FROM_MS);
  await player.send("POST", "/v1/orgs", { org: ORG, tier: "enterprise" });
  const append = (body: object, atMs: number) =>
    player.send("POST", `/v1/orgs/${ORG}/audit`, body, atMs);
  await append(new AuditFleet(LOAD, 1, { fromMs: FROM_MS }).report(1), FROM_MS);
  await player.tick(FROM_MS + TICK_MS);
  await player.takeBill();

  const fromMs = FROM_MS + TICK_MS;
  const stepMs = 1_000 / (callsPerSecond * EVENTS_PER_CALL);
  const events = eventsOf(new AuditFleet(LOAD, 2, { fromMs, stepMs }));
  const reports = Math.round((minutes * 60_000) / (stepMs * eventsPerAppend));
  const startedCpuMs = workerdCpuMs();
  let calls = 0;
  let nextTickMs = fromMs + TICK_MS;
  for (let report = 1; report <= reports; report += 1) {
    const atMs = Math.ceil(fromMs + report * eventsPerAppend * stepMs);
    for (; nextTickMs <= atMs; nextTickMs += TICK_MS) await player.tick(nextTickMs);
    const appended = Array.from({ length: eventsPerAppend }, () => events.next().value);
    await append({ instance_id: `gw-${report % INSTANCES}`, events: appended }, atMs);
    calls += appended.filter(beginsCall).length;
  }
  await player.tick(nextTickMs);
  const time = { startedCpuMs, minutes, prunedAtMs: FROM_MS + ENTRIES_KEPT_MS };
  return { calls, events: reports * eventsPerAppend, ...(await settleBill(player, time)) };
}

/** A completion behind its decision, however few events go together. */
function* eventsOf(fleet: AuditFleet): Generator<ReportedEvent, never> {
  for (;;) yield* fleet.report(256).events;
}

/** What is no completion is a decision, or a plugin's. */
function beginsCall({ action }: ReportedEvent): boolean {
  return action !== "tool.call.completed";
}
