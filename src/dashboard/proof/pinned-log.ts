/**
 * What this browser keeps of a log, as a verifier does: the key that it first saw, and the newest head that it
 * saw proven. A server that later shows a shorter log, or another, cannot take that back.
 *
 * It is kept by what the page asks for, the org and the log's number, not by the name that the log gives
 * itself: a log under another name is then a contradiction, and no new log.
 */
import { type CheckpointNote, parseCheckpointNote } from "#formats/ledger/evidence.ts";
import { parseVkey, type VerifierKey } from "#formats/tlog/note-key.ts";

export interface PinnedLog {
  readonly vkey: string;
  /** The signed note, verbatim: two that contradict each other are proof for anyone. */
  readonly checkpoint: string;
  /** By this browser's clock. */
  readonly seenAt: string;
  /** Whether a person said that the key is the one that they had from elsewhere. */
  readonly isCompared: boolean;
}

export interface ReadPin extends PinnedLog {
  readonly key: VerifierKey;
  readonly head: CheckpointNote;
}

/** The part of `localStorage` that is used; it throws where a browser has it turned off, or is full. */
export type PinStore = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export function pinName(org: string, log: number): string {
  return `mcpg-log-pin:${org}/${log}`;
}

/** Null where nothing, or nothing legible, is kept. */
export function readPin(store: PinStore, org: string, log: number): PinnedLog | null {
  try {
    return parsePin(store.getItem(pinName(org, log)) ?? "");
  } catch {
    return null;
  }
}

/** Whether it is kept now. A head that another tab kept meanwhile, and that is of a larger tree, stays. */
export function keepPin(store: PinStore, org: string, log: number, pin: PinnedLog): boolean {
  try {
    const there = readPin(store, org, log);
    if (there === null || sizeOf(there) <= sizeOf(pin)) {
      store.setItem(pinName(org, log), JSON.stringify(pin));
    }
    return true;
  } catch {
    return false;
  }
}

export function forgetPin(store: PinStore, org: string, log: number): void {
  try {
    store.removeItem(pinName(org, log));
  } catch {
    // Where nothing can be kept there is nothing to forget.
  }
}

/** Null for a pin whose key or head cannot be read: it is then no evidence of anything. */
export function openPin(pin: PinnedLog): ReadPin | null {
  const key = parseVkey(pin.vkey);
  const head = parseCheckpointNote(pin.checkpoint);
  return key === null || head === null ? null : { ...pin, key, head };
}

function parsePin(text: string): PinnedLog | null {
  const value = JSON.parse(text) as Partial<Record<keyof PinnedLog, unknown>> | null;
  const { vkey, checkpoint, seenAt, isCompared } = value ?? {};
  if (typeof vkey !== "string" || typeof checkpoint !== "string") return null;
  const seen = typeof seenAt === "string" ? seenAt : "";
  const pin = { vkey, checkpoint, seenAt: seen, isCompared: isCompared === true };
  return openPin(pin) === null ? null : pin;
}

function sizeOf(pin: PinnedLog): number {
  return openPin(pin)?.head.checkpoint.size ?? -1;
}
