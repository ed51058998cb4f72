/**
 * Room on a shard. Long before it is full somebody has to know (monitoring/rules); and when nobody did, the org
 * that takes the most is refused more, by name, before the disk refuses everyone.
 */

import type { Org } from "#orgs/org.ts";
import { findShardBytes } from "#orgs/store/space-rows.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { shardBytesMax, shardDatabase } from "#platform/shards.ts";

/** From this part of a shard's bytes on it is measured who has them. */
export const MEASURED_FROM = 0.85;
export const REFUSED_FROM = 0.9;
/** Lower than where refusing begins, or each pruning would begin and end it. */
export const TAKEN_BELOW = 0.85;

/** Room is made by pruning, each minute, or by a person: a sender need not ask more often. */
const RETRY_AFTER_SECONDS = 300;

export async function refuseForSpace(env: Env, { shard }: Pick<Org, "shard">): Promise<never> {
  const bytes = await findShardBytes(shardDatabase(env, shard));
  const percent = Math.round((100 * bytes) / shardBytesMax(env));
  return fail({ kind: "shard_full_for_org", percent, retryAfterSeconds: RETRY_AFTER_SECONDS });
}
