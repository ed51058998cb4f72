/**
 * How many invocations each job may start in a tick. Cloudflare lets one request (and so one tick) come to
 * 32 Worker invocations, calls to its own entrypoints included (developers.cloudflare.com/workers/
 * runtime-apis/bindings/service-bindings, "Limits"): the tick is one, and one is headroom.
 */
import { MINUTE_MS } from "#platform/time.ts";
import type { AnyJob } from "./job.ts";

export const RUNS_MAX = 30;

/** How many runs each job may start on each shard: by shard, then by job, in the order of the lists. */
export type Allowances = ReadonlyMap<string, ReadonlyMap<string, number>>;

/**
 * Each shard has its part of a job's share, and one run at least. Where that makes too many runs (with more
 * shards than 30 runs have room for), some jobs on some shards go without, others each minute.
 */
export function allowances(
  jobs: readonly AnyJob[],
  shards: readonly string[],
  nowMs: number,
): Allowances {
  const wanted = shards.flatMap((shard) =>
    jobs.map((job) => ({ shard, job: job.name, runs: runsOf(job, shards.length) })),
  );
  const first = (Math.floor(nowMs / MINUTE_MS) * RUNS_MAX) % Math.max(1, wanted.length);
  const inTurn = [...wanted.slice(first), ...wanted.slice(0, first)];
  const allowed = new Map(shards.map((shard) => [shard, new Map<string, number>()]));
  let left = RUNS_MAX;
  const grant = (shard: string, job: string, runs: number) => {
    const granted = Math.min(runs, left);
    left -= granted;
    const ofShard = allowed.get(shard);
    ofShard?.set(job, (ofShard.get(job) ?? 0) + granted);
  };
  // Everyone's first run comes before anyone's second.
  for (const { shard, job } of inTurn) grant(shard, job, 1);
  for (const { shard, job, runs } of inTurn) grant(shard, job, runs - 1);
  return allowed;
}

function runsOf({ share, runsMax }: AnyJob, shards: number): number {
  const runs = Math.max(1, Math.floor((share * RUNS_MAX) / shards));
  return Math.min(runs, runsMax ?? runs);
}
