/**
 * What each tick does: bring operator actions to their ledgers; then, per shard, sign heads, fold what
 * arrived, send streams to their receivers, prune what expired, erase what was deleted. All of it is
 * bounded and carries on where it stopped: what is left is there for the next tick to see, so a tick that
 * was missed, doubled or killed changes nothing but the hour of the work.
 */

import { drainOutboxes, expireEntries, signShard } from "#audit/audit-jobs.ts";
import { pruneCutoffs } from "#calls/prune-cutoffs.ts";
import { foldAll } from "#calls/store/fold.ts";
import { eraseOnce, pruneOnce } from "#calls/store/prune.ts";
import { findOrgsWithArrivals } from "#calls/store/unfolded-orgs.ts";
import { deliverStreams } from "#delivery/delivery-job.ts";
import { countOrgsOnShard, findOrg, findOrgsOnShard, markOrgDeleted } from "#orgs/store/orgs.ts";
import { deleteShardOrg } from "#orgs/store/shard-orgs.ts";
import type { Env } from "#platform/env.ts";
import { TickShare } from "#platform/jobs/tick-share.ts";
import { shardDatabase, shardNames } from "#platform/shards.ts";

const MINUTE_MS = 60_000;
/** Under the minute, so that ticks do not pile up. */
const TICK_MS_MAX = 45_000;
/** A Worker invocation may send D1 1,000 queries, whichever the shard; the rest is headroom. */
const QUERIES_MAX = 900;
/** What one step of each job sends at most, the look-up of its org included. */
const QUERIES = { fold: 16, prune: 5, erase: 10 };
const PRUNED_ORGS_MAX = 25;
const ERASED_ORGS_MAX = 5;

/** Fails at its end if a step failed: every other step was taken all the same. */
export async function runCron(env: Env, scheduledTimeMs: number): Promise<void> {
  const shards = shardNames(env);
  const overMs = Date.now() + TICK_MS_MAX;
  const share = (job: string, part: number) =>
    new TickShare(job, (part * QUERIES_MAX) / shards.length, overMs);
  const forward = share("forward", 0.1 * shards.length);
  await forward.attempt("outbox", () => drainOutboxes(env, forward));
  let failures = forward.failures;
  for (const shard of shards) {
    const shares = {
      sign: share("sign", 0.01),
      fold: share("fold", 0.5),
      streams: share("streams", 0.05),
      prune: share("prune", 0.15),
      erase: share("erase", 0.1),
      expire: share("expire", 0.09),
    };
    await shares.sign.attempt(shard, () => signShard(env, shard, shares.sign));
    await shares.fold.attempt(shard, () => foldShard(env, shard, scheduledTimeMs, shares.fold));
    // Most of it is waiting for receivers, some of which do not answer.
    const sending = shares.streams.attempt(shard, () =>
      deliverStreams(env, shard, scheduledTimeMs, shares.streams),
    );
    await shares.prune.attempt(shard, () => pruneShard(env, shard, scheduledTimeMs, shares.prune));
    await shares.erase.attempt(shard, () => eraseDeletedOrgs(env, shard, shares.erase));
    await shares.expire.attempt(shard, () =>
      expireEntries(env, shard, scheduledTimeMs, shares.expire),
    );
    await sending;
    for (const spent of Object.values(shares)) failures += spent.failures;
  }
  if (failures > 0) throw new Error(`cron: ${failures} steps failed`);
}

/** Starts at another org each minute, so that a large backlog of one never starves the others. */
async function foldShard(env: Env, shard: string, scheduledTimeMs: number, share: TickShare) {
  const db = shardDatabase(env, shard);
  for (const name of rotated(await findOrgsWithArrivals(db), scheduledTimeMs)) {
    if (!share.take(QUERIES.fold)) return;
    await share.attempt(name, async () => {
      const org = await findOrg(env.DIRECTORY, name);
      if (org === null) return;
      const folded = { org: name, generation: org.generation, seriesMax: org.limits.seriesMax };
      await foldAll(db, folded, Date.now, () => !share.take(QUERIES.fold));
    });
  }
}

function rotated<Item>(items: readonly Item[], scheduledTimeMs: number): Item[] {
  if (items.length === 0) return [];
  const start = Math.floor(scheduledTimeMs / MINUTE_MS) % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

/** Each minute has its page of the shard's orgs, so that all come by without a place to remember. */
async function pruneShard(env: Env, shard: string, nowMs: number, share: TickShare) {
  const db = shardDatabase(env, shard);
  const count = await countOrgsOnShard(env.DIRECTORY, shard, "active");
  const pages = Math.max(1, Math.ceil(count / PRUNED_ORGS_MAX));
  const offset = (Math.floor(nowMs / MINUTE_MS) % pages) * PRUNED_ORGS_MAX;
  const page = { offset, limit: PRUNED_ORGS_MAX };
  const orgs = await findOrgsOnShard(env.DIRECTORY, shard, "active", page);
  for (const { org, retention } of rotated(orgs, nowMs)) {
    const cutoffs = pruneCutoffs(retention, nowMs);
    await share.attempt(org, async () => {
      while (share.take(QUERIES.prune)) {
        if (await pruneOnce(db, org, cutoffs)) return;
      }
    });
  }
}

/** Repeats the closing of the shard's row first: the request that deleted the org may have died before it. */
async function eraseDeletedOrgs(env: Env, shard: string, share: TickShare) {
  const db = shardDatabase(env, shard);
  const page = { offset: 0, limit: ERASED_ORGS_MAX };
  for (const { org } of await findOrgsOnShard(env.DIRECTORY, shard, "deleting", page)) {
    await share.attempt(org, async () => {
      await deleteShardOrg(db, org);
      while (share.take(QUERIES.erase)) {
        if (await eraseOnce(db, org)) return markOrgDeleted(env.DIRECTORY, org);
      }
    });
  }
}
