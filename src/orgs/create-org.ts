/** Creates an org; of concurrent calls for one name exactly one succeeds. */

import { findOrg, insertOrg } from "#orgs/store/orgs.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { shardDatabase } from "#platform/shards.ts";
import { lookUpOrg } from "./directory.ts";
import { actionOf, creationOf, type Operator } from "./operator.ts";
import type { Org } from "./org.ts";
import type { OrgSettings } from "./org-settings.ts";
import { shardForNewOrg } from "./placement.ts";

/** Returns the org as it is now; fails with `org_exists` where the name is or was taken. */
export async function createOrg(
  env: Env,
  { org, settings }: { org: string; settings: OrgSettings },
  by: Operator,
): Promise<Org> {
  const nowMs = Date.now();
  // The default org exists, though nobody may have looked for it yet.
  if ((await lookUpOrg(env, org, nowMs)) !== null) fail({ kind: "org_exists" });
  const shard = shardForNewOrg(env);
  const newOrg = { org, settings, shard, createdAtMs: nowMs };
  const action = actionOf(by, creationOf(org, settings), nowMs);
  const isNew = await insertOrg(env.DIRECTORY, shardDatabase(env, shard), newOrg, action);
  return isNew ? currentOrg(env, org) : fail({ kind: "org_exists" });
}

/** Reads the org past the cache: whoever made a change elsewhere must see it. */
export async function currentOrg(env: Env, name: string): Promise<Org> {
  const org = await findOrg(env.DIRECTORY, name);
  return org?.state === "active" ? org : fail({ kind: "not_found" });
}
