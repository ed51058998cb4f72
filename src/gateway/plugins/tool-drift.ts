/** What a list says against what is known: which tools are new, changed, gone or back, and what becomes of them. */
import type { ToolChangeRule } from "./plugin.ts";
import {
  DEFINITION_BYTES_MAX,
  type PinnedList,
  type PinnedTool,
  TOOLS_MAX,
  unreadable,
} from "./tool-definition.ts";

export interface StoredTool {
  readonly name: string;
  readonly hash: string;
  readonly bytes: number;
  readonly isQuarantined: boolean;
  readonly isGone: boolean;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
}

export interface LearntTool extends PinnedTool {
  readonly isQuarantined: boolean;
}

/** A tool by its name, and the definition that it has now or had last by its hash. */
export type NamedHash = readonly [name: string, hash: string];

/** Each tool is in one of the first four at most. */
export interface ToolChanges {
  readonly added: readonly NamedHash[];
  readonly changed: readonly NamedHash[];
  readonly gone: readonly NamedHash[];
  readonly back: readonly NamedHash[];
  /** Those of them that nobody may call from now on, and could before. */
  readonly quarantined: readonly NamedHash[];
}

export interface Drift {
  readonly changes: ToolChanges;
  /** Rows to write: new ones, others anew. */
  readonly written: readonly LearntTool[];
  /** Rows to delete, gone longest: they make room. */
  readonly forgotten: readonly string[];
  /** Of all definitions that are kept. */
  readonly bytes: number;
}

export interface DriftTerms {
  readonly rule: ToolChangeRule;
  readonly isWhole: boolean;
  /** True once a whole list was learnt: the first one is what there is to trust. */
  readonly isKnown: boolean;
}

/**
 * A quarantine ends by being accepted and in no other way: not by the old definition's coming back, nor by the tool's
 * going and returning. A definition that cannot be read is quarantined wherever changes are, in the first list too,
 * for it cannot be pinned.
 */
export function judgeList(
  { tools }: PinnedList,
  stored: ReadonlyMap<string, StoredTool>,
  terms: DriftTerms,
): Drift {
  const { isWhole } = terms;
  const room = new Room(isWhole ? [] : [...stored.values()].filter(({ isGone }) => !isGone));
  const fitted = [...tools.values()]
    .map((tool) => room.take(tool, isWhole ? undefined : stored.get(tool.name)))
    .filter((tool) => tool !== null);
  const seen = fitted.map((tool) => judgeTool(tool, stored.get(tool.name), terms));
  const differing = seen.filter(({ kind }) => kind !== "same");
  const left = isWhole ? [...stored.values()].filter(({ name }) => !tools.has(name)) : [];
  const gone = left.filter(({ isGone }) => !isGone).map(named);
  const written = differing.map(({ tool }) => tool);
  const of = (wanted: Kind) =>
    differing.filter(({ kind }) => kind === wanted).map(({ tool }) => named(tool));
  const changes = {
    added: of("added"),
    changed: of("changed"),
    gone,
    back: of("back"),
    quarantined: differing.filter(({ isBlocked }) => isBlocked).map(({ tool }) => named(tool)),
  };
  return { changes, written, ...makeRoom(stored, written, new Set(gone.map(([name]) => name))) };
}

type Kind = "added" | "changed" | "back" | "same";

interface JudgedTool {
  readonly kind: Kind;
  readonly tool: LearntTool;
  /** Nobody may call it from now on. */
  readonly isBlocked: boolean;
}

function judgeTool(
  pinned: PinnedTool,
  before: StoredTool | undefined,
  { rule, isKnown }: DriftTerms,
): JudgedTool {
  const kind = kindOf(before, pinned.hash);
  const wasQuarantined = before?.isQuarantined ?? false;
  const isTrusted = kind === "back" || kind === "same" || (kind === "added" && !isKnown);
  const isNowQuarantined = rule === "quarantine" && (!isTrusted || pinned.fault !== null);
  const tool = { ...pinned, isQuarantined: wasQuarantined || isNowQuarantined };
  return { kind, tool, isBlocked: isNowQuarantined && !wasQuarantined };
}

function named({ name, hash }: Pick<StoredTool, "name" | "hash">): NamedHash {
  return [name, hash];
}

/** What a part of a list may add to what is there; a whole list was fitted when it was read. */
class Room {
  #count: number;
  #bytes: number;

  constructor(there: readonly StoredTool[]) {
    this.#count = there.length;
    this.#bytes = there.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  take(tool: PinnedTool, before: StoredTool | undefined): PinnedTool | null {
    const replaced = before === undefined || before.isGone ? null : before;
    if (replaced === null && this.#count >= TOOLS_MAX) return null;
    const left = DEFINITION_BYTES_MAX - this.#bytes + (replaced?.bytes ?? 0);
    const taken = tool.bytes <= left ? tool : unreadable(tool.name, "no_room");
    this.#count += replaced === null ? 1 : 0;
    this.#bytes += taken.bytes - (replaced?.bytes ?? 0);
    return taken;
  }
}

function kindOf(before: StoredTool | undefined, hash: string): Kind {
  if (before === undefined) return "added";
  if (before.hash !== hash) return "changed";
  return before.isGone ? "back" : "same";
}

/** Gone tools have what room the others leave; a tool that comes back later is new then. */
function makeRoom(
  stored: ReadonlyMap<string, StoredTool>,
  written: readonly LearntTool[],
  goneNow: ReadonlySet<string>,
): { forgotten: string[]; bytes: number } {
  const anew = new Set(written.map(({ name }) => name));
  const others = [...stored.values()].filter(({ name }) => !anew.has(name));
  const isThere = ({ name, isGone }: StoredTool) => !isGone && !goneNow.has(name);
  const there = others.filter(isThere);
  let count = written.length + there.length;
  let bytes = [...written, ...there].reduce((sum, one) => sum + one.bytes, 0);
  const forgotten: string[] = [];
  const gone = others.filter((one) => !isThere(one));
  // Those that went just now first: they were there a moment ago.
  const wentMs = ({ name, lastSeenMs }: StoredTool) =>
    goneNow.has(name) ? Number.MAX_SAFE_INTEGER : lastSeenMs;
  for (const one of gone.sort((a, b) => wentMs(b) - wentMs(a))) {
    const fits = count < TOOLS_MAX && bytes + one.bytes <= DEFINITION_BYTES_MAX;
    if (!fits) {
      forgotten.push(one.name);
      continue;
    }
    count += 1;
    bytes += one.bytes;
  }
  return { forgotten, bytes };
}

export function isUnchanged(changes: ToolChanges): boolean {
  return Object.values(changes).every(({ length }) => length === 0);
}
