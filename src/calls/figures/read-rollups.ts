/** Rollups as a reader asks for them, live: what is acknowledged is folded first (read-figures.ts). */

import { findRollupPage, type RollupPage, type RollupQuery } from "#calls/store/rollup-page.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase } from "#platform/shards.ts";
import { foldForRead } from "./read-figures.ts";

export async function readRollups(
  env: Env,
  org: Org,
  query: Omit<RollupQuery, "org">,
  limit: number,
  isOver: () => boolean,
): Promise<RollupPage> {
  await foldForRead(env, org, isOver);
  return findRollupPage(shardDatabase(env, org.shard), { org: org.org, ...query }, limit);
}
