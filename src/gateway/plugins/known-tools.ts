/** The tools of a plugin as calls look them up: what was learnt of its lists, remembered by the isolate. */

import { findRevision, findToolTexts, type ToolText } from "#gateway/plugins/store/tool-rows.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase } from "#platform/shards.ts";
import { type Plugin, pluginKey } from "./plugin.ts";

export type ToolState = "active" | "quarantined" | "gone";

export interface KnownTool {
  readonly name: string;
  /** Parsed when it is first asked for. */
  readonly definition: Readonly<Record<string, unknown>>;
  readonly hash: string;
  /** Quarantined though it be gone, so that to vanish ends no quarantine. */
  readonly state: ToolState;
}

/** What the tool's arguments are declared as; null where there is no telling. */
export function inputSchemaOf(tool: KnownTool | null): object | null {
  return (tool?.definition["inputSchema"] ?? null) as object | null;
}

export interface KnownTools extends ReadonlyMap<string, KnownTool> {
  /** True once a whole list was learnt: what is not among these the server did not have then. */
  readonly isWhole: boolean;
}

class ToolMap extends Map<string, KnownTool> implements KnownTools {
  readonly isWhole: boolean;

  constructor(tools: readonly KnownTool[], isWhole: boolean) {
    super(tools.map((tool) => [tool.name, tool]));
    this.isWhole = isWhole;
  }
}

interface Remembered {
  readonly registration: string;
  /** Null: no list was ever learnt. */
  readonly revision: string | null;
  readonly tools: KnownTools | null;
  readonly bytes: number;
  checkedMs: number;
}

/** As plugins themselves: what changed elsewhere is in force within 30 s. */
const TTL_MS = 30_000;
/** Of texts; of what is parsed of them, calls ask for a few. An isolate has 128 MB. */
const REMEMBERED_BYTES_MAX = 16_000_000;
/** What an entry takes besides its texts. */
const ENTRY_BYTES = 500;

/** In the order in which they were last used. */
const remembered = new Map<string, Remembered>();
let rememberedBytes = 0;

/** Null if no list was ever learnt. */
export async function knownTools(env: Env, org: Org, plugin: Plugin): Promise<KnownTools | null> {
  const key = pluginKey(plugin);
  const nowMs = Date.now();
  const known = remembered.get(key);
  if (known?.registration === plugin.registration) {
    use(key, known);
    const ageMs = nowMs - known.checkedMs;
    if (ageMs >= 0 && ageMs < TTL_MS) return known.tools;
    const revision = await findRevision(shardDatabase(env, org.shard), plugin);
    // It may have been forgotten during the wait: then what it was forgotten for is read.
    if (revision === known.revision && remembered.get(key) === known) {
      known.checkedMs = nowMs;
      return known.tools;
    }
  }
  return load(env, org, plugin, nowMs);
}

export function forgetKnownTools(plugin: Plugin): void {
  forgets += 1;
  drop(pluginKey(plugin));
}

/**
 * Whether the gateway must refuse a call of the tool as quarantined. Where changes quarantine, only what was
 * pinned and is in the server's list may be called, for anything else is a change that nobody saw.
 */
export function isCallQuarantined(
  { onToolChange }: Pick<Plugin, "onToolChange">,
  tools: KnownTools | null,
  name: string,
): boolean {
  const state = tools?.get(name)?.state ?? null;
  if (onToolChange === "record" || !tools?.isWhole) return state === "quarantined";
  return state !== "active";
}

let forgets = 0;

async function load(env: Env, org: Org, plugin: Plugin, nowMs: number): Promise<KnownTools | null> {
  const before = forgets;
  const { revision, isWhole, texts } = await findToolTexts(shardDatabase(env, org.shard), plugin);
  const tools = revision === null ? null : new ToolMap(texts.map(toolOf), isWhole);
  const bytes = texts.reduce((sum, { definition }) => sum + definition.length, ENTRY_BYTES);
  const { registration } = plugin;
  if (before === forgets) {
    drop(pluginKey(plugin));
    remembered.set(pluginKey(plugin), { registration, revision, tools, bytes, checkedMs: nowMs });
    rememberedBytes += bytes;
    makeRoom();
  }
  return tools;
}

function use(key: string, known: Remembered): void {
  remembered.delete(key);
  remembered.set(key, known);
}

function drop(key: string): void {
  rememberedBytes -= remembered.get(key)?.bytes ?? 0;
  remembered.delete(key);
}

function makeRoom(): void {
  for (const key of remembered.keys()) {
    if (rememberedBytes <= REMEMBERED_BYTES_MAX) return;
    drop(key);
  }
}

function toolOf({ name, hash, definition, isQuarantined, isGone }: ToolText): KnownTool {
  let parsed: KnownTool["definition"] | null = null;
  return {
    name,
    hash,
    state: toolState({ isQuarantined, isGone }),
    get definition() {
      parsed ??= JSON.parse(definition) as KnownTool["definition"];
      return parsed;
    },
  };
}

export function toolState({
  isQuarantined,
  isGone,
}: Pick<ToolText, "isQuarantined" | "isGone">): ToolState {
  if (isQuarantined) return "quarantined";
  return isGone ? "gone" : "active";
}
