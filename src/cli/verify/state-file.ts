/**
 * What a verifier keeps between runs: the checkpoint that it verified last, against which the next
 * run is compared, and the key by which it did, so that a key seen once need not be pinned by hand.
 */
import { open, rename, rm } from "node:fs/promises";
import { type CheckpointNote, parseCheckpointNote } from "#formats/ledger/evidence.ts";
import type { SeenEntries } from "#formats/ledger/seen-entries.ts";
import { formatVkey, parseVkey, type VerifierKey } from "#formats/tlog/note-key.ts";
import { reasonOf, StateNotWritten, UsageError } from "./no-verdict.ts";
import { readText, requireReadable } from "./read-file.ts";
import { parseSeen, type SeenJson } from "./seen-json.ts";

export interface KeptState {
  readonly origin: string;
  readonly vkey: VerifierKey;
  /** The `--vkey` that `vkey` was proven from; null if it was trusted when it was first seen. */
  readonly anchor: VerifierKey | null;
  readonly checkpoint: CheckpointNote;
  /** When the checkpoint's last entry was recorded; null in a state that was written before it was kept. */
  readonly newestRecordedAt: string | null;
  /** Null in a state that was written before anything was remembered of entries. */
  readonly seen: SeenEntries | null;
}

export interface StateJson extends Partial<SeenJson> {
  readonly origin: string;
  readonly vkey: string;
  readonly anchor: string | null;
  readonly checkpoint: string;
  readonly newest_recorded_at: string | null;
}

/** Null if there is no such file yet. A file that cannot be understood is never taken for none. */
export async function readStateFile(path: string): Promise<KeptState | null> {
  if (!(await isThere(path))) return null;
  const state = parseState((await readText(path)) ?? "");
  if (state === null) throw new UsageError(`--state ${path} holds no state of a verification`);
  return state;
}

/** Writes the state whole or not at all: to a file beside, which is then put in place. */
export async function writeState(path: string, state: StateJson): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(`${JSON.stringify(state, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new StateNotWritten(`cannot write ${path}: ${reasonOf(error)}`);
  }
}

/** The key that counts as pinned: a `--vkey` by hand rules, unless the state's was proven from it. */
export function pinnedKey(
  vkey: VerifierKey | null,
  state: KeptState | null,
): { key: VerifierKey | null; isFromState: boolean } {
  if (state === null) return { key: vkey, isFromState: false };
  const given = vkey === null ? null : formatVkey(vkey);
  const known = [state.anchor, state.vkey].map((key) => (key === null ? null : formatVkey(key)));
  const isFromState = given === null || known.includes(given);
  return { key: isFromState ? state.vkey : vkey, isFromState };
}

function parseState(text: string): KeptState | null {
  const json = parseJson(text);
  if (json === null) return null;
  const vkey = parseVkey(json.vkey);
  const anchor = json.anchor === null ? null : parseVkey(json.anchor);
  const checkpoint = parseCheckpointNote(json.checkpoint);
  if (vkey === null || checkpoint === null || (anchor === null && json.anchor !== null))
    return null;
  const origins = [vkey.name, anchor?.name ?? json.origin, checkpoint.checkpoint.origin];
  if (!origins.every((origin) => origin === json.origin)) return null;
  const newestRecordedAt = json.newest_recorded_at;
  const seen = parseSeen(json, checkpoint.checkpoint.size);
  // What was remembered and can't be read is no reason to believe a log that was pruned too early.
  if (seen === "malformed") return null;
  return { origin: json.origin, vkey, anchor, checkpoint, newestRecordedAt, seen };
}

function parseJson(text: string): StateJson | null {
  try {
    const json = JSON.parse(text) as Partial<StateJson>;
    const { origin, vkey, anchor = null, checkpoint, newest_recorded_at = null } = json;
    const texts = [origin, vkey, checkpoint, anchor ?? "", newest_recorded_at ?? ""];
    if (!texts.every((value) => typeof value === "string")) return null;
    const [name = "", key = "", note = ""] = texts as string[];
    const { minimum_index, retention, times } = json;
    const seen = { minimum_index, retention, times } as Partial<SeenJson>;
    return { origin: name, vkey: key, anchor, checkpoint: note, newest_recorded_at, ...seen };
  } catch {
    return null;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await requireReadable(path);
    return true;
  } catch (error) {
    if (isNotThere(error)) return false;
    throw error;
  }
}

function isNotThere(error: unknown): boolean {
  return error instanceof Error && (error.cause as NodeJS.ErrnoException)?.code === "ENOENT";
}
