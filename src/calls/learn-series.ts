/**
 * Tools that a plugin lists stand at zero in the exposition before they are called: of a counter that first
 * appears at 100, `rate()` sees no step. Each has a series as if it had been called, within the org's caps; above
 * these it has none, until there is room or a call. It stays while it is listed or called, and leaves 30 days
 * after both; at once where it is told to be gone and was never called.
 */

import { FOLD_MS_MAX, foldedOrg, overAfter } from "#calls/figures/read-figures.ts";
import { foldAll } from "#calls/store/fold/fold.ts";
import { deleteUncounted, insertLearnt } from "#calls/store/learnt-series.ts";
import { encodeHex } from "#formats/hex.ts";
import { sha256 } from "#formats/sha256.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { ExpiringMap } from "#platform/expiring-map.ts";
import { shardDatabase } from "#platform/shards.ts";
import { STORABLE_TEXT } from "#platform/text-patterns.ts";
import { MINUTE_MS } from "#platform/time.ts";
import { streamsOf } from "#streams/streams-of.ts";
import { type SeriesName, seriesKey } from "./arrival.ts";
import { OTHER, UNKNOWN_TOOL } from "./series.ts";

export interface SeriesTool {
  readonly workspace: string;
  readonly plugin: string;
  readonly tool: string;
}

/** As many as a plugin may list; more are passed over. */
const LEARNT_MAX = 1_000;

/** What was learnt here a moment ago: lists pass by all the time, and an org without room would be read for each. */
let learnt = nothingLearnt();

function nothingLearnt(): ExpiringMap<true> {
  return new ExpiringMap({ ttlMs: 10 * MINUTE_MS, entriesMax: 4_096 });
}

/** Idempotent. Costs a read of a list that is known, and nothing of one that this isolate has just learnt. */
export async function learnSeries(env: Env, org: Org, tools: readonly SeriesTool[]): Promise<void> {
  const names = countableNames(tools);
  if (names.length === 0 || !(await streamsOf(env, org.org)).metrics.enabled) return;
  const nowMs = Date.now();
  await learnt.getOrLoad(listKey(org, names), nowMs, async () => {
    await insertLearnt(shardDatabase(env, org.shard), foldedOrg(org), names, nowMs);
    return true;
  });
}

/**
 * Of tools that are listed no more those that were never called: the others stay for what they counted. All stay where
 * calls come in faster than they are folded, until they are idle.
 */
export async function forgetSeries(
  env: Env,
  org: Org,
  tools: readonly SeriesTool[],
): Promise<void> {
  const names = countableNames(tools);
  if (names.length === 0) return;
  learnt = nothingLearnt();
  const db = shardDatabase(env, org.shard);
  const isOver = overAfter(FOLD_MS_MAX);
  while (!(await deleteUncounted(db, org, names))) {
    if (isOver()) return;
    await foldAll(db, foldedOrg(org), Date.now, isOver);
  }
}

const STORABLE = new RegExp(STORABLE_TEXT, "u");
/** As a sample's: a call of a tool with another name is never counted under it. */
const isCountable = (name: string) =>
  name.length > 0 && [...name].length <= 128 && STORABLE.test(name);

/** Each once, in the order given. */
function countableNames(tools: readonly SeriesTool[]): SeriesName[] {
  const names = new Map<string, SeriesName>();
  for (const { workspace, plugin, tool } of tools) {
    const name: SeriesName = [workspace, plugin, tool];
    if (tool === OTHER || tool === UNKNOWN_TOOL || !name.every(isCountable)) continue;
    names.set(seriesKey(...name), name);
  }
  return [...names.values()].slice(0, LEARNT_MAX);
}

function listKey({ org, limits }: Org, names: readonly SeriesName[]): string {
  const { seriesMax, seriesLabelBytesMax } = limits;
  const list = JSON.stringify([seriesMax, seriesLabelBytesMax, names]);
  return `${org}\0${encodeHex(sha256(new TextEncoder().encode(list)))}`;
}
