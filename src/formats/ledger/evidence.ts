/**
 * What a verification goes by besides the entries, and the texts in which it comes: the same from a
 * server, an export pack or single files. Nothing of it is trusted but the pinned key and what the
 * verifier kept.
 */
import { decodeBase64 } from "#formats/base64.ts";
import { readJson } from "#formats/read-json.ts";
import { formatTimestamp, parseTimestampMs } from "#formats/rfc3339.ts";
import { type Checkpoint, parseCheckpoint } from "#formats/tlog/checkpoint.ts";
import { isDecimal } from "#formats/tlog/decimal.ts";
import { isHash } from "#formats/tlog/merkle-hash.ts";
import { parseVkey, type VerifierKey } from "#formats/tlog/note-key.ts";
import { type Note, parseNote } from "#formats/tlog/signed-note.ts";
import type { SeenEntries } from "./seen-entries.ts";

/** A key as the log lists it, with the tree sizes that it signs. */
export interface ListedKey {
  readonly key: VerifierKey;
  readonly fromSize: number;
  /** Null for the key in use. The key that succeeds this one signs this size too: the cutover. */
  readonly toSize: number | null;
}

export interface CheckpointNote {
  readonly note: Note;
  readonly checkpoint: Checkpoint;
}

/** A checkpoint that the verifier has from before, whose word stands against the log's. */
export interface KeptCheckpoint extends CheckpointNote {
  /** Where it was kept, for messages. */
  readonly label: string;
  /** When its last entry was recorded, as the verifier saw it then; null if that was not kept. */
  readonly newestRecordedAt: string | null;
  /** What was remembered of its entries; null if nothing was. */
  readonly seen: SeenEntries | null;
}

/** What is promised to every entry, whatever the log says: the lowest tier's days. */
export const RETENTION_DAYS_MIN = 30;

export interface FreshnessTerms {
  readonly nowMs: number;
  /** How old the newest signed entry may be; null if that was not asked. */
  readonly maxAgeMinutes: number | null;
  /** Entries that no checkpoint covers, and when the oldest was recorded; null unless the log is online. */
  readonly unsigned: { readonly count: number; readonly oldestAt: string | null } | null;
}

export interface LogEvidence {
  /** What should have come and did not, and what came but has no meaning: each as a message. */
  readonly missing: readonly string[];
  readonly damaged: readonly string[];
  readonly checkpoint: CheckpointNote | null;
  readonly pinned: VerifierKey | null;
  /** Oldest first. */
  readonly keys: readonly ListedKey[];
  /** By size, the checkpoints that a key and its successor both signed. */
  readonly cutovers: ReadonlyMap<number, CheckpointNote>;
  /** The name of the log that was asked for; null where the checkpoint alone names it. */
  readonly origin: string | null;
  readonly fromSeq: number;
  /** The index before which the entries are said to end; null if nothing says so. */
  readonly toSeq: number | null;
  /** Where the log itself begins by now. */
  readonly minimumIndex: number;
  /** The peaks of the tree of size `fromSeq`, largest first. */
  readonly prefix: readonly Uint8Array[] | null;
  /** RFC 6962 §2.1.2, from the tree that the entries end with to the checkpoint's. */
  readonly consistency: readonly Uint8Array[] | null;
  /** By old size, RFC 6962 §2.1.2 proofs from trees that end before `fromSeq` to the checkpoint's. */
  readonly earlierProofs: ReadonlyMap<number, readonly Uint8Array[]>;
  readonly kept: readonly KeptCheckpoint[];
  readonly freshness: FreshnessTerms;
  /** Days that every entry was promised, as the verifier knows from elsewhere than the log. */
  readonly retentionDaysMin: number;
  /** True if entries that were left out by choice are no reason to fail. */
  readonly isPartAccepted: boolean;
}

/** `log.json` of an export pack. */
export interface ExportSummary {
  readonly origin: string;
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly treeSize: number;
  readonly minimumIndex: number;
  /** Where the entries were asked for by time. */
  readonly time?: AskedTime;
}

/** RFC 3339, in [from, to): when an event occurred, else was recorded. Null is open. */
export interface AskedTime {
  readonly from: string | null;
  readonly to: string | null;
}

/** Null unless the text is a signed note of a checkpoint. No signature is verified. */
export function parseCheckpointNote(text: string): CheckpointNote | null {
  const note = parseNote(text);
  const checkpoint = note === null ? null : parseCheckpoint(note.text);
  return note === null || checkpoint === null ? null : { note, checkpoint };
}

/** One base64 hash a line. */
export function parseHashLines(text: string): Uint8Array[] | null {
  if (text === "") return [];
  if (!text.endsWith("\n")) return null;
  const lines = text.slice(0, -1).split("\n");
  const hashes = lines.map(decodeBase64).filter((hash) => hash !== null);
  return hashes.length === lines.length && hashes.every(isHash) ? hashes : null;
}

/** `{ "keys": [ { "vkey", "from_size", "to_size" } ] }` */
export function parseKeyList(text: string): ListedKey[] | null {
  const listed = membersOf(parseJson(text))["keys"];
  if (!Array.isArray(listed)) return null;
  const keys = listed.map(parseListedKey).filter((key) => key !== null);
  return keys.length === listed.length ? keys : null;
}

export function parseExportSummary(text: string): ExportSummary | null {
  const members = membersOf(parseJson(text));
  const { origin } = members;
  const numbers = ["from_seq", "to_seq", "tree_size", "minimum_index"].map((name) => members[name]);
  if (typeof origin !== "string" || !numbers.every(isCount)) return null;
  const [fromSeq = 0, toSeq = 0, treeSize = 0, minimumIndex = 0] = numbers;
  const isOrdered = minimumIndex <= fromSeq && fromSeq <= toSeq && toSeq <= treeSize;
  const time = askedTimeOf(members);
  if (!isOrdered || time === "malformed") return null;
  return { origin, fromSeq, toSeq, treeSize, minimumIndex, ...(time !== null && { time }) };
}

/** Null where the entries were not asked for by time. */
function askedTimeOf(members: Readonly<Record<string, unknown>>): AskedTime | null | "malformed" {
  if (!("from" in members) && !("to" in members)) return null;
  const { from, to } = members;
  if (!isTimeOrNull(from) || !isTimeOrNull(to)) return "malformed";
  return from !== null && to !== null && to < from ? "malformed" : { from, to };
}

/** As the service writes times: so texts of two compare as the times do. */
function isTimeOrNull(value: unknown): value is string | null {
  if (value === null) return true;
  const ms = typeof value === "string" ? parseTimestampMs(value) : undefined;
  return ms !== undefined && formatTimestamp(ms) === value;
}

function parseListedKey(value: unknown): ListedKey | null {
  const members = membersOf(value);
  const [vkey, fromSize, toSize] = [members["vkey"], members["from_size"], members["to_size"]];
  const key = typeof vkey === "string" ? parseVkey(vkey) : null;
  if (key === null || !isCount(fromSize) || !(toSize === null || isCount(toSize))) return null;
  return { key, fromSize, toSize };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && isDecimal(value);
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/**
 * A member that is named twice has two values, and readers differ about which. There are no more values than
 * characters: how long these files may be is their reader's matter.
 */
function parseJson(text: string): unknown {
  const reading = readJson(text, text.length);
  return "value" in reading ? reading.value : null;
}
