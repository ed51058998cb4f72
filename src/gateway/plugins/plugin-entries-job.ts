/** Brings to the ledgers what changed of plugins' tools, where no later list did: within a minute, or when it is due. */

import { entriesOf, TOLD_EVERY_MS } from "#gateway/plugins/drift-entries.ts";
import { findOrgsToTell } from "#gateway/plugins/store/entry-rows.ts";
import { changeList, findDueLists } from "#gateway/plugins/store/list-rows.ts";
import type { Org } from "#orgs/org.ts";
import { findOrg } from "#orgs/store/orgs.ts";
import type { Env } from "#platform/env.ts";
import type { Job } from "#platform/jobs/job.ts";
import { shardDatabase } from "#platform/shards.ts";
import { tellPluginEntries } from "./tell-entries.ts";

/** Plugins of an org that a step tells of. */
const LISTS_MAX = 8;
/** The org, the due lists, two statements each, and three for the entries. */
const STEP_QUERIES = 2 + 2 * LISTS_MAX + 3;

export const pluginEntriesJob: Job<string> = {
  name: "plugin-entries",
  // A run on each shard is enough: what it brings is what requests could not bring themselves.
  share: 0,
  queries: STEP_QUERIES,
  list: ({ env, shard, nowMs }, after, limit) =>
    findOrgsToTell(shardDatabase(env, shard), nowMs - TOLD_EVERY_MS, { after, limit }),
  placeOf: (org) => org,
  subjectOf: (org) => org,
  async step({ env, nowMs }, name) {
    const org = await findOrg(env.DIRECTORY, name);
    if (org?.state !== "active") return "done";
    const due = await makeDueEntries(env, org, nowMs);
    const told = await tellPluginEntries(env, org);
    return due === LISTS_MAX ? "more" : told;
  },
};

async function makeDueEntries(env: Env, org: Org, nowMs: number): Promise<number> {
  const db = shardDatabase(env, org.shard);
  const terms = { dueBeforeMs: nowMs - TOLD_EVERY_MS, limit: LISTS_MAX };
  const lists = await findDueLists(db, org.org, terms);
  for (const { key, list } of lists) {
    const after = { ...list, revision: crypto.randomUUID(), untold: null, toldMs: nowMs };
    const entries = list.untold === null ? [] : entriesOf(key, list.untold, nowMs);
    const change = { before: list, after, written: [], gone: [], forgotten: [], entries };
    // Where it fails, somebody learnt of the plugin meanwhile, and tells of all.
    await changeList(db, org, key, change);
  }
  return lists.length;
}
