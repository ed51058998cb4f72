/** The shard's clock as the cron sees it, for tests of what waits for it. In workerd. */
import { observeShardClock } from "#platform/jobs/shard-clock.ts";
import { workerEnv } from "./deployment.ts";

const MINUTE_MS = 60_000;

/** As if an hour of ticks had agreed on the time of now. */
export async function settleShardClock(): Promise<void> {
  const nowMs = Date.now();
  for (let minutes = 60; minutes >= 0; minutes -= 10) {
    await observeShardClock(workerEnv.SHARD_0, nowMs - minutes * MINUTE_MS);
  }
}
