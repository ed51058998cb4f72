/** The tools that an org's plugins have, for those who ask about more than one plugin's. */
import {
  findActiveTools,
  findListed,
  type PlacedTool,
} from "#gateway/plugins/store/listed-rows.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase } from "#platform/shards.ts";
import { findPlugin } from "./find-plugin.ts";
import { type KnownTool, knownTools } from "./known-tools.ts";

/** All that are there now, whose definitions can be read. */
export async function orgTools(env: Env, { org, shard }: Org): Promise<readonly PlacedTool[]> {
  return findActiveTools(shardDatabase(env, shard), org);
}

export async function findKnownTool(
  env: Env,
  org: Org,
  { workspace, plugin, tool }: { workspace: string; plugin: string; tool: string },
): Promise<KnownTool | null> {
  const found = await findPlugin(env, org, workspace, plugin);
  if (found === null) return null;
  return (await knownTools(env, org, found))?.get(tool) ?? null;
}

/** As calls/tool-lists.ts asks: null where the plugin's whole list was never learnt. */
export function areToolsListed(
  shardDb: D1Database,
  org: string,
  names: readonly (readonly [workspace: string, plugin: string, tool: string])[],
): Promise<readonly (boolean | null)[]> {
  return findListed(shardDb, org, names);
}
