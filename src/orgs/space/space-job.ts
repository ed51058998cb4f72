/**
 * Watches how full a shard is. Below 85 % that costs one query a tick. From there on it is measured, every ten
 * minutes, how much each org has; from 90 % on the largest is refused, until the shard is below 85 %.
 */

import { orgParts } from "#orgs/org-lifecycle.ts";
import { decideSpace, findFullness, findUnmeasured, recordBytes } from "#orgs/store/space-rows.ts";
import type { Job, JobPlace } from "#platform/jobs/job.ts";
import { shardBytesMax, shardDatabase } from "#platform/shards.ts";
import { MINUTE_MS } from "#platform/time.ts";
import { logSpace } from "./log-space.ts";
import { MEASURED_FROM, REFUSED_FROM, TAKEN_BELOW } from "./shard-space.ts";

/** Measures an org; null: decides, by what was measured. */
export type SpaceItem = string | null;

const MEASURED_EACH_MS = 10 * MINUTE_MS;
/** What is due counts for as long again: so many ticks there are to measure it. */
const COUNTS_MS = 2 * MEASURED_EACH_MS;
/** From here on no org that cannot be measured delays the decision. */
const URGENT_FROM = 0.95;
/** To look how full the shard is, and to decide. */
const DECISION_QUERIES = 3;

function sizes() {
  return orgParts().flatMap(({ size }) => (size === undefined ? [] : [size]));
}

export const spaceJob: Job<SpaceItem> = {
  name: "space",
  share: 0.05,
  get queries() {
    return sizes().reduce((sum, { queries }) => sum + queries, DECISION_QUERIES);
  },
  msMax: 10_000,
  async list({ env, shard, nowMs }, _after, limit) {
    const db = shardDatabase(env, shard);
    const { bytes, isRefusing } = await findFullness(db);
    const isFilling = bytes >= MEASURED_FROM * shardBytesMax(env);
    if (!isFilling) return isRefusing ? [null] : [];
    return [
      ...(await findUnmeasured(db, { sinceMs: nowMs - MEASURED_EACH_MS, nowMs }, limit - 1)),
      null,
    ];
  },
  subjectOf: (item) => item ?? "",
  async step(place, item) {
    if (item === null) await decide(place);
    else await measure(place, item);
    return "done";
  },
};

async function measure({ env, shard, nowMs }: JobPlace, org: string): Promise<void> {
  const db = shardDatabase(env, shard);
  const parts = await Promise.all(sizes().map((size) => size.bytes(db, org)));
  const bytes = parts.reduce((sum, part) => sum + part, 0);
  await recordBytes(db, org, bytes, nowMs);
}

async function decide({ env, shard, nowMs }: JobPlace): Promise<void> {
  const db = shardDatabase(env, shard);
  const { bytes } = await findFullness(db);
  const part = bytes / shardBytesMax(env);
  const decision = {
    hasRoom: part < TAKEN_BELOW,
    isFull: part >= REFUSED_FROM,
    measuredSinceMs: part < URGENT_FROM ? nowMs - COUNTS_MS : 0,
  };
  const { released, refused } = await decideSpace(db, decision, nowMs);
  const percent = Math.round(100 * part);
  if (released !== null)
    logSpace("samples and spans are taken again", { org: released, shard, percent });
  if (refused !== null) logSpace("samples and spans are refused", { org: refused, shard, percent });
}
