/** What a list that was seen changes of what is known: decided on one snapshot, for a compare-and-set. */
import type { ListChange, StoredList } from "#gateway/plugins/store/list-rows.ts";
import { addChanges, entriesOf, TOLD_EVERY_MS, type UntoldChanges } from "./drift-entries.ts";
import type { Plugin } from "./plugin.ts";
import type { PinnedList } from "./tool-definition.ts";
import { type Drift, isUnchanged, judgeList, type StoredTool } from "./tool-drift.ts";

/**
 * A server that changes its list each time costs a transaction in so long, of 1,000 rows at worst. What is to be
 * quarantined never waits.
 */
const CHANGE_GAP_MS = 10_000;

export interface SeenList {
  readonly pinned: PinnedList;
  /** Of a whole list. */
  readonly hash: string;
  /** All pages: a tool that it does not have is gone. */
  readonly isWhole: boolean;
  /** Somebody asked for it: nothing of it waits. */
  readonly isAsked: boolean;
}

export interface Snapshot {
  readonly list: StoredList | null;
  readonly tools: ReadonlyMap<string, StoredTool>;
}

/** What to write, or why nothing is. */
export function decideChange(
  plugin: Plugin,
  { list, tools }: Snapshot,
  seen: SeenList,
  nowMs: number,
): ListChange | "same" | "not_now" {
  const isIts = list?.registration === plugin.registration;
  // What another registration of the name left is nothing to go by.
  const known = isIts ? list : blank(plugin, nowMs);
  const stored = isIts ? tools : new Map<string, StoredTool>();
  const isKnown = known.wholeHash !== null;
  const drift = judgeList(seen.pinned, stored, {
    rule: plugin.onToolChange,
    isWhole: seen.isWhole,
    isKnown,
  });
  if (isIts && isQuiet(drift, seen, known) && !isDueToTell(known, nowMs)) return "same";
  const mayWait = isKnown && !seen.isAsked && !isUrgent(drift, stored);
  if (mayWait && isTooSoon(known, nowMs)) return "not_now";
  // What there is to trust is no change.
  const changes = isKnown ? drift.changes : { ...drift.changes, added: [] };
  const told = tellOf(known, addChanges(known.untold, changes, nowMs), nowMs);
  return {
    before: list,
    after: { ...afterList(known, drift, seen, nowMs), untold: told.untold, toldMs: told.toldMs },
    written: drift.written,
    gone: drift.changes.gone.map(([name]) => name),
    forgotten: drift.forgotten,
    entries: told.due === null ? [] : entriesOf(plugin, told.due, nowMs),
  };
}

function isQuiet({ changes }: Drift, { isWhole, hash }: SeenList, known: StoredList): boolean {
  return isUnchanged(changes) && (!isWhole || known.wholeHash === hash);
}

/** Changes are told an hour after the last ones; a time ahead of now is of a clock that was ahead. */
export function isDueToTell(
  { untold, toldMs }: Pick<StoredList, "untold" | "toldMs">,
  nowMs: number,
): boolean {
  return untold !== null && (nowMs - toldMs >= TOLD_EVERY_MS || toldMs > nowMs);
}

function blank({ registration }: Plugin, nowMs: number): StoredList {
  return {
    registration,
    revision: "",
    wholeHash: null,
    definitionBytes: 0,
    seenMs: nowMs,
    changedMs: nowMs,
    faults: {},
    untold: null,
    toldMs: 0,
  };
}

/** A tool that could be called must not be any more. New ones cannot: who is strict calls none that is unknown. */
function isUrgent({ changes }: Drift, stored: ReadonlyMap<string, StoredTool>): boolean {
  return changes.quarantined.some(([name]) => stored.has(name));
}

function isTooSoon({ changedMs }: StoredList, nowMs: number): boolean {
  return nowMs >= changedMs && nowMs - changedMs < CHANGE_GAP_MS;
}

function tellOf({ toldMs }: StoredList, untold: UntoldChanges | null, nowMs: number) {
  const isDue = isDueToTell({ untold, toldMs }, nowMs);
  return isDue ? { due: untold, untold: null, toldMs: nowMs } : { due: null, untold, toldMs };
}

function afterList(
  known: StoredList,
  drift: Drift,
  { isWhole, hash, pinned }: SeenList,
  nowMs: number,
): StoredList {
  const isChanged = !isUnchanged(drift.changes);
  const common = {
    ...known,
    revision: crypto.randomUUID(),
    definitionBytes: drift.bytes,
    changedMs: isChanged ? nowMs : known.changedMs,
  };
  if (isWhole) return { ...common, wholeHash: hash, seenMs: nowMs, faults: pinned.faults };
  // After a part that changed something no whole list is the same as what is known.
  return { ...common, wholeHash: isChanged && known.wholeHash !== null ? "" : known.wholeHash };
}
