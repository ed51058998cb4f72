/**
 * Reading the bytes of an entry with suspicion: canonical JSON of exactly the members that every
 * entry has, whose texts have the one form in which the ledger writes them. An entry in any other
 * form hashes well too, but what it says would depend on who reads it.
 */
import {
  type CanonicalObject,
  type CanonicalValue,
  parseCanonicalJson,
} from "#formats/canonical-json.ts";
import { formatTimestamp, parseTimestampMs } from "#formats/rfc3339.ts";
import { ENTRY_BYTES_MAX } from "#formats/tlog/tlog-tiles.ts";

/** What the verification of a log needs of an entry. */
export interface Entry {
  readonly action: string;
  readonly details: CanonicalObject | null;
  readonly org: string;
  readonly previousHash: string;
  readonly recordedAt: string;
}

export interface EntryFault {
  /** Stable, for machines. */
  readonly fault: string;
  readonly message: string;
}

/** The members that every entry has, in the order of canonical JSON. */
const MEMBERS = [
  "action",
  "actor",
  "details",
  "event_id",
  "instance_id",
  "invocation_id",
  "occurred_at",
  "org",
  "outcome",
  "previous_hash",
  "recorded_at",
  "recorded_by",
  "request_id",
  "target",
  "trace_id",
  "workspace",
];

const NULLABLE_MEMBERS = new Set([
  "instance_id",
  "invocation_id",
  "occurred_at",
  "request_id",
  "target",
  "trace_id",
  "workspace",
]);

const HASH = /^[0-9a-f]{64}$/;
const CARRIAGE_RETURN = 0x0d;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function readEntry(bytes: Uint8Array): Entry | EntryFault {
  if (bytes.length > ENTRY_BYTES_MAX) {
    return { fault: "too_long", message: `it has more than ${ENTRY_BYTES_MAX} bytes` };
  }
  const object = parseBytes(bytes);
  if (object === null) return notCanonical(bytes);
  const names = Object.keys(object);
  if (names.join() !== MEMBERS.join()) {
    return { fault: "wrong_members", message: `its members are ${names.join(", ") || "none"}` };
  }
  const wrong = MEMBERS.find((name) => !hasItsType(name, object[name]));
  if (wrong !== undefined) {
    return { fault: "wrong_type", message: `its member ${wrong} has a value of a wrong type` };
  }
  return readTexts(object);
}

function readTexts(object: CanonicalObject): Entry | EntryFault {
  const text = (name: string) => object[name] as string;
  const [previousHash, recordedAt] = [text("previous_hash"), text("recorded_at")];
  if (!HASH.test(previousHash)) {
    return { fault: "previous_hash_malformed", message: "its previous_hash is no SHA-256 in hex" };
  }
  if (!isOurTimestamp(recordedAt)) {
    return { fault: "recorded_at_malformed", message: `its recorded_at is ${recordedAt}` };
  }
  const details = object["details"] as CanonicalObject | null;
  return { action: text("action"), org: text("org"), details, previousHash, recordedAt };
}

function parseBytes(bytes: Uint8Array): CanonicalObject | null {
  try {
    return parseCanonicalJson(utf8.decode(bytes));
  } catch {
    return null;
  }
}

function notCanonical(bytes: Uint8Array): EntryFault {
  const fault = "not_canonical";
  if (bytes.at(-1) === CARRIAGE_RETURN) {
    return { fault, message: "it ends in a carriage return: line ends were converted to CRLF" };
  }
  return { fault, message: "it is not canonical JSON (RFC 8785)" };
}

function hasItsType(name: string, value: CanonicalValue | undefined): boolean {
  if (name === "details") return value === null || isFlat(value);
  return typeof value === "string" || (value === null && NULLABLE_MEMBERS.has(name));
}

function isFlat(value: CanonicalValue | undefined): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).every((detail) => typeof detail !== "object" || detail === null);
}

/** RFC 3339 has many texts for a time; ours are in UTC with milliseconds, and sort as times do. */
function isOurTimestamp(text: string): boolean {
  const ms = parseTimestampMs(text);
  return ms !== undefined && formatTimestamp(ms) === text;
}
