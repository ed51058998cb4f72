/** Learns a plugin's tools from a list, of a probe or on its way to a client: pins, drift, quarantine. */

import { encodeHex } from "#formats/hex.ts";
import {
  changeList,
  findList,
  findListWithTools,
  markListSeen,
  type StoredList,
} from "#gateway/plugins/store/list-rows.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { ExpiringMap } from "#platform/expiring-map.ts";
import { logError } from "#platform/log-error.ts";
import { shardDatabase } from "#platform/shards.ts";
import { HOUR_MS } from "#platform/time.ts";
import { forgetKnownTools } from "./known-tools.ts";
import { decideChange, isDueToTell, type SeenList } from "./list-change.ts";
import { type Plugin, pluginKey, TOOL_CHANGE_RULES, type ToolChangeRule } from "./plugin.ts";
import { tellPluginEntries } from "./tell-entries.ts";
import { pinList, wholeHash } from "./tool-definition.ts";
import { placedNames, tellToolsLearnt } from "./tools-learnt.ts";

/**
 * Lists that this isolate knows to be learnt, by a digest of their texts: what comes again within so long costs no
 * query. 4,096 of them take 1 MB.
 */
const learnt = new ExpiringMap<string>({ ttlMs: 30_000, entriesMax: 4_096 });

/** Isolates that learn of a new list at once are a handful. Who is beaten so often leaves it to the next list. */
const ATTEMPTS_MAX = 8;

/**
 * `isWhole`: the list has all pages, so that a tool it does not have is gone. Never costs the call that brought the
 * list: what fails is logged, and learnt with the next one.
 */
export async function learnTools(
  env: Env,
  org: Org,
  plugin: Plugin,
  tools: readonly unknown[],
  isWhole: boolean,
): Promise<void> {
  const key = learntKey(plugin, plugin.onToolChange);
  const digest = await digestOf(tools, isWhole);
  try {
    const known = await learnt.getOrLoad(key, Date.now(), async () => null);
    if (digest !== null && known === digest) return;
    const isLearnt = await learnList(env, org, plugin, { tools, isWhole, isAsked: false });
    if (!isLearnt || digest === null) return;
    learnt.evict(key);
    await learnt.getOrLoad(key, Date.now(), async () => digest);
  } catch (error) {
    logError(error, { org: org.org, work: "learning tools" });
  }
}

/** A list is to be learnt again though it be the same: what is known of its tools was changed here. */
export function forgetLearnt(plugin: Plugin): void {
  for (const rule of TOOL_CHANGE_RULES) learnt.evict(learntKey(plugin, rule));
}

function learntKey(plugin: Plugin, rule: ToolChangeRule): string {
  return `${pluginKey(plugin)}\0${plugin.registration}\0${rule}`;
}

/** Null where the list is nested too deeply to be written. Not at once: of 8 MB that takes 0.2 s in JavaScript. */
async function digestOf(tools: readonly unknown[], isWhole: boolean): Promise<string | null> {
  try {
    const text = `${isWhole} ${JSON.stringify(tools)}`;
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return encodeHex(new Uint8Array(digest));
  } catch {
    return null;
  }
}

export interface ListedTools extends Pick<SeenList, "isWhole" | "isAsked"> {
  readonly tools: readonly unknown[];
}

/** False if nothing could be learnt of it now. */
export async function learnList(
  env: Env,
  org: Org,
  plugin: Plugin,
  { tools, ...listed }: ListedTools,
): Promise<boolean> {
  const pinned = await pinList(tools);
  const seen = { ...listed, pinned, hash: wholeHash(pinned) };
  const outcome = await applyList(env, org, plugin, seen);
  if (outcome === "not_now") return false;
  // Of a list that is the same too: what it shows at zero is kept for as long as it is listed.
  await tellToolsLearnt(env, org, placedNames(plugin, [...pinned.tools.keys()].sort()));
  if (outcome === "same" && !seen.isAsked) return true;
  forgetKnownTools(plugin);
  await tellPluginEntries(env, org).catch((error: unknown) =>
    logError(error, { org: org.org, work: "telling of tools" }),
  );
  return true;
}

async function applyList(
  env: Env,
  org: Org,
  plugin: Plugin,
  seen: SeenList,
): Promise<"same" | "changed" | "not_now"> {
  const db = shardDatabase(env, org.shard);
  const nowMs = Date.now();
  const known = seen.isWhole ? await findList(db, plugin) : null;
  if (known !== null && isKnownWhole(known, plugin, seen) && !isDueToTell(known, nowMs)) {
    if (nowMs - known.seenMs >= HOUR_MS) {
      await markListSeen(db, plugin, { revision: known.revision, nowMs });
    }
    return "same";
  }
  return decideAndChange(db, org, plugin, { seen, nowMs });
}

function isKnownWhole(list: StoredList, { registration }: Plugin, { hash }: SeenList): boolean {
  return list.registration === registration && list.wholeHash === hash;
}

async function decideAndChange(
  db: D1Database,
  org: Org,
  plugin: Plugin,
  { seen, nowMs }: { seen: SeenList; nowMs: number },
): Promise<"same" | "changed" | "not_now"> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const snapshot = await findListWithTools(db, plugin);
    // This isolate remembers a plugin that was removed and registered again.
    if (snapshot.list !== null && snapshot.list.registration > plugin.registration) {
      return "not_now";
    }
    const change = decideChange(plugin, snapshot, seen, nowMs);
    if (typeof change === "string") return change;
    if (await changeList(db, org, plugin, change)) return "changed";
  }
  return "not_now";
}
