/** Rollups as a reader asks for them, live: they count what is acknowledged (read-figures.ts). */

import { findRollupPage, type RollupPage, type RollupQuery } from "#calls/store/rollup-page.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase } from "#platform/shards.ts";
import { readCounted } from "./read-figures.ts";

export async function readRollups(
  env: Env,
  org: Org,
  query: Omit<RollupQuery, "org">,
  limit: number,
  isOver: () => boolean,
): Promise<RollupPage> {
  const db = shardDatabase(env, org.shard);
  return readCounted(env, org, isOver, (pending) =>
    findRollupPage(db, { org: org.org, ...query }, limit, pending),
  );
}
