/**
 * What audit entries tell of a plugin's tools: one of each kind an hour a plugin, however often its server changes
 * its mind. What changes in between is kept with the plugin's list, and told together.
 */
import { uuid7FromRandom } from "#formats/uuid7.ts";
import { SYSTEM } from "#orgs/operator.ts";
import { HOUR_MS } from "#platform/time.ts";
import { type PluginPlace, pluginTarget } from "./plugin.ts";
import { isUnchanged, type NamedHash, type ToolChanges } from "./tool-drift.ts";

export const TOLD_EVERY_MS = HOUR_MS;

/**
 * Tools of each kind that are kept, and told; of more there is the number. A name is 512 bytes at most as text in a
 * text, and its hash 70: 47 KB of the 64 that an entry may have.
 */
const NAMES_MAX = 20;

const CHANGES = ["added", "changed", "gone", "back"] as const;
const KINDS = [...CHANGES, "quarantined"] as const;
type ToldKind = (typeof KINDS)[number];

/** Since the last entry. */
export interface UntoldChanges {
  readonly sinceMs: number;
  readonly kinds: Readonly<Record<ToldKind, ToldTools>>;
}

interface ToldTools {
  readonly tools: readonly NamedHash[];
  readonly count: number;
}

export interface PluginEntry {
  readonly id: string;
  readonly action: `plugin.tool.${"changed" | "quarantined" | "accepted"}`;
  readonly outcome: "allowed" | "deferred";
  readonly actor: string;
  readonly target: string;
  readonly workspace: string;
  readonly details: Readonly<Record<string, string>>;
  readonly requestId: string | null;
  readonly occurredAtMs: number;
}

/** Null where there is nothing to tell. A tool that changed twice is told once, as it is now. */
export function addChanges(
  untold: UntoldChanges | null,
  changes: ToolChanges,
  nowMs: number,
): UntoldChanges | null {
  if (isUnchanged(changes)) return untold;
  const merged = (kind: ToldKind): ToldTools => mergeTools(untold?.kinds[kind], changes[kind]);
  return {
    sinceMs: untold?.sinceMs ?? nowMs,
    kinds: {
      added: merged("added"),
      changed: merged("changed"),
      gone: merged("gone"),
      back: merged("back"),
      quarantined: merged("quarantined"),
    },
  };
}

function mergeTools(before: ToldTools | undefined, changed: readonly NamedHash[]): ToldTools {
  const { tools, count } = before ?? { tools: [], count: 0 };
  const anew = new Set(changed.map(([name]) => name));
  const others = tools.filter(([name]) => !anew.has(name));
  const twice = tools.length - others.length;
  const all = [...changed, ...others].slice(0, NAMES_MAX);
  return { tools: all, count: count + changed.length - twice };
}

/** Entries of all that is untold. */
export function entriesOf(
  place: PluginPlace,
  { kinds, sinceMs }: UntoldChanges,
  nowMs: number,
): PluginEntry[] {
  const told = (
    order: number,
    action: PluginEntry["action"],
    names: readonly ToldKind[],
  ): PluginEntry => ({
    id: newEntryId(nowMs, order),
    action,
    outcome: action === "plugin.tool.quarantined" ? "deferred" : "allowed",
    // The gateway saw it; nobody asked it to.
    actor: SYSTEM.actor,
    target: pluginTarget(place),
    workspace: place.workspace,
    details: { plugin: place.plugin, ...detailsOf(kinds, names) },
    requestId: null,
    occurredAtMs: sinceMs,
  });
  const isThere = (kind: ToldKind) => kinds[kind].count > 0;
  return [
    ...(CHANGES.some(isThere) ? [told(0, "plugin.tool.changed", CHANGES)] : []),
    ...(isThere("quarantined") ? [told(1, "plugin.tool.quarantined", ["quarantined"])] : []),
  ];
}

/** Numbers are texts in the ledger, and so are the hashes by their tools' names: JSON. */
function detailsOf(
  kinds: UntoldChanges["kinds"],
  told: readonly ToldKind[],
): Record<string, string> {
  const details: Record<string, string> = {};
  for (const kind of told) {
    const { tools, count } = kinds[kind];
    if (count === 0) continue;
    details[kind] = JSON.stringify(Object.fromEntries(tools));
    details[`${kind}_count`] = String(count);
  }
  return details;
}

/** Entries of one time come in the ledger in their order. */
export function newEntryId(nowMs: number, order = 0): string {
  const random = crypto.getRandomValues(new Uint8Array(10));
  random[0] = order;
  return uuid7FromRandom(nowMs, random);
}
