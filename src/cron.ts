/**
 * What each tick does, per shard: fold what arrived, prune what expired, erase what was deleted. All
 * of it is bounded and carries on where it stopped: what is left is there for the next tick to see,
 * so a tick that was missed, doubled or killed changes nothing but the hour of the work.
 */
import { pruneCutoffs } from "./domain/prune-cutoffs.ts";
import { type Env, shardDatabase, shardNames } from "./env.ts";
import { foldAll } from "./store/fold.ts";
import { findOrg, findOrgsOnShard, markOrgDeleted } from "./store/orgs.ts";
import { eraseOnce, pruneOnce } from "./store/prune.ts";
import { deleteShardOrg } from "./store/shard-orgs.ts";
import { findOrgsWithArrivals } from "./store/unfolded-orgs.ts";

const MINUTE_MS = 60_000;

/** Under the minute, so that ticks do not pile up. */
const TICK_MS_MAX = 45_000;
/** A Worker invocation may send 1,000 queries. A fold sends about 14, a pruning chunk 4, an erasing one 6. */
const FOLDS_MAX = 40;
const PRUNED_ORGS_MAX = 40;
const CHUNKS_MAX = 20;
const ERASED_ORGS_MAX = 5;

export async function runCron(env: Env, scheduledTimeMs: number): Promise<void> {
  const startedAtMs = Date.now();
  const isOver = () => Date.now() - startedAtMs > TICK_MS_MAX;
  const jobs = shardNames(env).flatMap((shard) => [
    () => foldShard(env, shard, scheduledTimeMs, isOver),
    () => pruneShard(env, shard, scheduledTimeMs, isOver),
    () => eraseDeletedOrgs(env, shard, isOver),
  ]);
  const failures: unknown[] = [];
  for (const job of jobs) await job().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw new AggregateError(failures, "cron: a job failed");
}

/** Starts at another org each minute, so that a large backlog of one never starves the others. */
async function foldShard(env: Env, shard: string, scheduledTimeMs: number, isOver: () => boolean) {
  const db = shardDatabase(env, shard);
  let folds = 0;
  for (const name of rotated(await findOrgsWithArrivals(db), scheduledTimeMs)) {
    const org = await findOrg(env.DIRECTORY, name);
    if (org === null || isOver() || folds >= FOLDS_MAX) continue;
    const folded = { org: name, generation: org.generation, seriesMax: org.limits.seriesMax };
    await foldAll(db, folded, Date.now, () => {
      folds += 1;
      return isOver() || folds >= FOLDS_MAX;
    });
  }
}

function rotated<Item>(items: readonly Item[], scheduledTimeMs: number): Item[] {
  if (items.length === 0) return [];
  const start = Math.floor(scheduledTimeMs / MINUTE_MS) % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

/** Each tick prunes the next orgs in order of name; the place is kept in the isolate, for losing it only repeats work. */
const prunedUpTo = new Map<string, string>();

async function pruneShard(env: Env, shard: string, nowMs: number, isOver: () => boolean) {
  const after = prunedUpTo.get(shard) ?? "";
  const page = { after, limit: PRUNED_ORGS_MAX };
  const orgs = await findOrgsOnShard(env.DIRECTORY, shard, "active", page);
  let chunks = 0;
  for (const { org, retention } of orgs) {
    const cutoffs = pruneCutoffs(retention, nowMs);
    let done = false;
    while (!done && !isOver() && chunks < PRUNED_ORGS_MAX + CHUNKS_MAX) {
      chunks += 1;
      done = await pruneOnce(shardDatabase(env, shard), org, cutoffs);
    }
  }
  prunedUpTo.set(shard, orgs.length < PRUNED_ORGS_MAX ? "" : (orgs.at(-1)?.org ?? ""));
}

/** Repeats the closing of the shard's row first: the request that deleted the org may have died before it. */
async function eraseDeletedOrgs(env: Env, shard: string, isOver: () => boolean) {
  const page = { after: "", limit: ERASED_ORGS_MAX };
  const db = shardDatabase(env, shard);
  for (const { org } of await findOrgsOnShard(env.DIRECTORY, shard, "deleting", page)) {
    await deleteShardOrg(db, org);
    let done = false;
    for (let chunk = 0; !done && !isOver() && chunk < CHUNKS_MAX; chunk += 1) {
      done = await eraseOnce(db, org);
    }
    if (done) await markOrgDeleted(env.DIRECTORY, org);
  }
}
