/** Plays gateways' reports, scrapes and ticks of an org whose tools are known. */
import type { Played } from "../../harness/cost/use.ts";
import { makeLoadSample, randomSource, reportBody } from "../../harness/load.ts";
import type { Runtime } from "../../harness/runtime.ts";
import { workerdCpuMs } from "../../harness/workerd-usage.ts";
import { Player } from "./player.ts";
import type { CallScenario } from "./scenario.ts";
import { settleBill } from "./settle-bill.ts";
import { FOLDED_AFTER_MS, type Moment, momentsOf } from "./traffic.ts";
import { CALLS_KEPT_MS, FROM_MS, ORG, warmUp } from "./warm-up.ts";

export async function playCalls(runtime: Runtime, scenario: CallScenario): Promise<Played> {
  const player = await Player.of(runtime, 1);
  await warmUp(player, scenario.series);
  const startedCpuMs = workerdCpuMs();
  const calls = await playMoments(player, scenario);
  await player.tick(FROM_MS + scenario.minutes * 60_000 + FOLDED_AFTER_MS);
  const time = { startedCpuMs, minutes: scenario.minutes, prunedAtMs: FROM_MS + CALLS_KEPT_MS };
  return { calls, ...(await settleBill(player, time)) };
}

/** How many calls there were, any tool's as often: no fleet is dearer. */
async function playMoments(player: Player, scenario: CallScenario): Promise<number> {
  const random = randomSource(14);
  const sampleOf = (ms: number) =>
    makeLoadSample(Math.floor(random() * scenario.series), random, ms);
  const play = {
    report: ({ atMs, instance, callsMs }: Moment) => {
      const body = reportBody(callsMs.map(sampleOf), `gw-${instance}`);
      return player.send("POST", `/v1/orgs/${ORG}/invocations`, body, atMs);
    },
    scrape: ({ atMs }: Moment) => player.send("GET", `/v1/orgs/${ORG}/metrics`, undefined, atMs),
    tick: ({ atMs }: Moment) => player.tick(atMs),
  };
  let calls = 0;
  for (const moment of momentsOf(scenario, FROM_MS)) {
    await play[moment.does](moment);
    calls += moment.callsMs.length;
  }
  return calls;
}
