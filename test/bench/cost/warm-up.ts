/** An org whose tools are known, and of which nothing else is left: what is played has its rows to itself. */
import { makeLoadSample, randomSource, reportBody } from "../../harness/load.ts";
import type { Player } from "./player.ts";
import { PRUNING_MS, pruneAll } from "./prune-all.ts";
import { INSTANCES } from "./traffic.ts";

export const ORG = "cost";
/** When all is ready: a full hour, days after the epoch that reports tell. */
export const FROM_MS = Date.UTC(2026, 10, 27, 10);

const DAY_MS = 86_400_000;
/** As short as they may be, so that all is pruned before any series is idle. */
const RETENTION = { samples_hours: 26, rollups_hourly_days: 2, rollups_daily_days: 2 };
export const CALLS_KEPT_MS = 4 * DAY_MS;
/** Behind what is promised to an enterprise's entries, 2,555 days, and a week in which they wait for others. */
export const ENTRIES_KEPT_MS = 2_600 * DAY_MS;

const CALLS_PER_REPORT = 500;

export async function warmUp(player: Player, series: number): Promise<void> {
  const atMs = FROM_MS - CALLS_KEPT_MS;
  await player.standAt(atMs);
  await player.send("POST", "/v1/orgs", { org: ORG, tier: "enterprise" });
  await player.send("PATCH", `/v1/orgs/${ORG}`, { retention: RETENTION });
  for (const body of reports(series, atMs)) {
    await player.send("POST", `/v1/orgs/${ORG}/invocations`, body, atMs);
  }
  await player.send("GET", `/v1/orgs/${ORG}/metrics`, undefined, atMs);
  await pruneAll(player, FROM_MS - PRUNING_MS);
  await player.standAt(FROM_MS);
  await player.takeBill();
}

/** One call of each tool, which is none that fails: what only failed has no series of its own. */
function* reports(series: number, atMs: number): Generator<string> {
  const random = randomSource(1);
  for (let start = 0; start < series; start += CALLS_PER_REPORT) {
    const length = Math.min(CALLS_PER_REPORT, series - start);
    const tools = Array.from({ length }, (_, at) => start + at);
    const samples = tools.map((tool) => ({ ...makeLoadSample(tool, random, atMs), outcome: "ok" }));
    yield reportBody(samples, `gw-${(start / CALLS_PER_REPORT) % INSTANCES}`);
  }
}
