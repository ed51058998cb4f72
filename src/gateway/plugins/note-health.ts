/** How a plugin's server does, as its calls go: noted once a minute at most, however many there are. */

import { putHealth } from "#gateway/plugins/store/health-rows.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { logError } from "#platform/log-error.ts";
import { shardDatabase } from "#platform/shards.ts";
import { MINUTE_MS } from "#platform/time.ts";
import { type Plugin, pluginKey } from "./plugin.ts";

/** What this isolate saw since it last noted anything of the plugin. */
interface Unnoted {
  failures: number;
  hasAnswered: boolean;
  notedMs: number;
}

/** Plugins that an isolate calls. Of what is dropped, a minute's calls are told less exactly. */
const PLUGINS_MAX = 4_096;
const unnoted = new Map<string, Unnoted>();

const FAULT = /^[a-z0-9_-]{1,64}$/;

/** `fault` is a stable word; null: it answered. A fault that is none of our words is `failed`. Never rejects. */
export async function noteHealth(
  env: Env,
  org: Org,
  plugin: Plugin,
  fault: string | null,
  nowMs: number,
): Promise<void> {
  const word = fault === null || FAULT.test(fault) ? fault : "failed";
  const seen = seenOf(`${pluginKey(plugin)}\0${plugin.registration}`);
  seen.failures = word === null ? 0 : seen.failures + 1;
  seen.hasAnswered ||= word === null;
  const ageMs = nowMs - seen.notedMs;
  if (ageMs >= 0 && ageMs < MINUTE_MS) return;
  await note(env, org, plugin, { seen, fault: word, nowMs, gapMs: MINUTE_MS });
}

/** What somebody asked for is noted at once. */
export async function noteProbe(
  env: Env,
  org: Org,
  plugin: Plugin,
  fault: string | null,
  nowMs: number,
): Promise<void> {
  const seen = seenOf(`${pluginKey(plugin)}\0${plugin.registration}`);
  seen.failures = fault === null ? 0 : seen.failures + 1;
  seen.hasAnswered ||= fault === null;
  await note(env, org, plugin, { seen, fault, nowMs, gapMs: 0 });
}

interface Note {
  readonly seen: Unnoted;
  readonly fault: string | null;
  readonly nowMs: number;
  readonly gapMs: number;
}

async function note(
  env: Env,
  org: Org,
  plugin: Plugin,
  { seen, fault, nowMs, gapMs }: Note,
): Promise<void> {
  const { failures, hasAnswered } = seen;
  // Before the wait: what comes meanwhile is the next note's.
  Object.assign(seen, { failures: 0, hasAnswered: false, notedMs: nowMs });
  const noted = { fault, failures, hasAnswered, nowMs, gapMs };
  try {
    await putHealth(shardDatabase(env, org.shard), org, plugin, noted);
  } catch (error) {
    logError(error, { org: org.org, work: "noting a plugin's health" });
  }
}

function seenOf(key: string): Unnoted {
  const known = unnoted.get(key);
  if (known !== undefined) return known;
  const [oldest] = unnoted.keys();
  if (unnoted.size >= PLUGINS_MAX && oldest !== undefined) unnoted.delete(oldest);
  const fresh = { failures: 0, hasAnswered: false, notedMs: Number.NEGATIVE_INFINITY };
  unnoted.set(key, fresh);
  return fresh;
}
