/**
 * Appending: synchronous from the first read to the last write, inside one transaction. Nothing may
 * be awaited in here: while an object waits for anything but its storage, other requests run.
 */
import { type AppendedEvent, detailsOf, entryText, SUBMITTED_FIELDS } from "#audit/audit-event.ts";
import type { AppendResult, Receipt } from "#audit/audit-log.ts";
import { type ChainEnd, readChainEnd } from "#audit/ledger/proven/chain-end.ts";
import { checkedEntries, hashedEntry, storedEntry } from "#audit/ledger/proven/checked-entries.ts";
import { hashEntry } from "#audit/ledger/proven/entry-hashes.ts";
import { closedBy, type LogState } from "#audit/ledger/proven/log-state.ts";
import { keepActions } from "#audit/ledger/sketches/known-actions.ts";
import { notBefore } from "#audit/ledger/times/recorded-times.ts";
import { recordRetention } from "#audit/ledger/times/retention-ranges.ts";
import { type CanonicalObject, canonicalJson } from "#formats/canonical-json.ts";
import { encodeHex } from "#formats/hex.ts";
import { submittedDetails } from "#formats/ledger/own-details.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { sha256 } from "#formats/sha256.ts";
import { recordInBundles } from "./bundles.ts";
import { insertEntries, type NewEntry } from "./insert-entries.ts";

const utf8 = new TextEncoder();

interface AppendTerms {
  /** Gives the time of record, from the last entry's and the clock's. */
  recordedAfter?: (last: string, now: string) => string;
  /** There is no room for entries of this kind. */
  isFull?: boolean;
}

/** Writes all of the events or none. Call it in a transaction: it may throw half way. */
export function appendEvents(
  sql: SqlStorage,
  state: LogState,
  events: readonly AppendedEvent[],
  nowMs: number,
  { recordedAfter = notBefore, isFull = false }: AppendTerms = {},
): AppendResult {
  const end = readChainEnd(sql);
  const recordedAt = recordedAfter(end.lastRecordedAt, formatTimestamp(nowMs));
  const planned = plan(sql, state, events, { ...end, recordedAt });
  if (!Array.isArray(planned)) return planned;
  const closed = closedBy(state);
  const entries = planned.flatMap(({ entry }) => entry ?? []);
  // A resend is answered by a closed or full log too: its receipts are as true as ever.
  if (closed !== null && entries.length > 0) return closed;
  if (isFull && entries.length > 0) return { kind: "full" };
  insertEntries(sql, entries);
  recordInBundles(sql, entries);
  if (entries.length > 0) keepActions(sql, new Set(entries.map(({ action }) => action)));
  for (const [index, { entry }] of planned.entries()) {
    if (entry !== null) recordRetention(sql, entry.seq, events[index]!);
  }
  const last = entries.at(-1);
  if (last !== undefined) sql.exec("UPDATE log SET tree_size = ?", last.seq + 1);
  return { kind: "appended", receipts: planned.map(({ receipt }) => receipt) };
}

/** `entry` is null where the event is in the log already. */
interface Planned {
  receipt: Receipt;
  entry: NewEntry | null;
}

function plan(
  sql: SqlStorage,
  state: LogState,
  events: readonly AppendedEvent[],
  { recordedAt, ...end }: ChainEnd & { recordedAt: string },
): Planned[] | AppendResult {
  const known = knownEvents(sql, state, events);
  let { size, headHash } = end;
  let headHex = encodeHex(headHash);
  const planned: Planned[] = [];
  for (const [index, event] of events.entries()) {
    const before = known.get(event.event_id);
    if (before !== undefined) {
      if (!before.isSame(event)) return { kind: "conflict", index };
      planned.push({ receipt: before.receipt, entry: null });
      continue;
    }
    const entry = newEntry(event, {
      org: state.org,
      seq: size,
      previousHash: headHash,
      previousHex: headHex,
      recordedAt,
    });
    if (entry === null) return { kind: "too_large", index };
    const hash = encodeHex(entry.hash);
    const { event_id } = event;
    const receipt = { seq: size, event_id, hash, previous_hash: headHex };
    planned.push({ receipt, entry });
    known.set(event_id, { receipt, isSame: (other) => isSameEvent(event, other) });
    size += 1;
    headHash = entry.hash;
    headHex = hash;
  }
  return planned;
}

interface Place {
  org: string;
  seq: number;
  previousHash: Uint8Array;
  /** The same. */
  previousHex: string;
  recordedAt: string;
}

/** Null if the entry is too large. */
function newEntry(event: AppendedEvent, place: Place): NewEntry | null {
  const { org, seq, previousHash, previousHex, recordedAt } = place;
  const body = entryText(event, { org, previousHash: previousHex, recordedAt });
  const hashes = hashEntry(body);
  if (hashes === null) return null;
  return {
    seq,
    time: event.occurred_at ?? recordedAt,
    requestId: event.request_id,
    traceId: event.trace_id,
    invocationId: event.invocation_id,
    action: event.action,
    actor: event.actor,
    instance: event.instance_id,
    outcome: event.outcome,
    body,
    ...hashes,
    previousHash,
  };
}

interface KnownEvent {
  receipt: Receipt;
  isSame(event: AppendedEvent): boolean;
}

const SELECT_KNOWN = `SELECT e.seq, e.event_id, e.hash, e.previous_hash, e.leaf, e.body, NULL AS submitted
    FROM json_each(?1) id CROSS JOIN entries e ON e.event_id = id.value
  UNION ALL SELECT p.seq, p.event_id, p.hash, p.previous_hash, NULL, NULL, p.submitted
    FROM json_each(?1) id CROSS JOIN pruned_ids p ON p.event_id = id.value`;

function knownEvents(
  sql: SqlStorage,
  state: LogState,
  events: readonly AppendedEvent[],
): Map<string, KnownEvent> {
  const ids = JSON.stringify(events.map(({ event_id }) => event_id));
  const checked = checkedEntries(sql, state);
  const known = new Map<string, KnownEvent>();
  for (const row of sql.exec(SELECT_KNOWN, ids)) {
    const eventId = row["event_id"] as string;
    const receipt = {
      seq: row["seq"] as number,
      event_id: eventId,
      hash: encodeHex(new Uint8Array(row["hash"] as ArrayBuffer)),
      previous_hash: encodeHex(new Uint8Array(row["previous_hash"] as ArrayBuffer)),
    };
    const { body, submitted } = row;
    if (body !== null) checked.placed(hashedEntry(storedEntry(row)));
    const isSame =
      typeof body === "string"
        ? (event: AppendedEvent) => isSameEvent(JSON.parse(body), event)
        : (event: AppendedEvent) =>
            encodeHex(submittedHash(event)) === encodeHex(new Uint8Array(submitted as ArrayBuffer));
    known.set(eventId, { receipt, isSame });
  }
  return known;
}

type Submitted = Pick<AppendedEvent, (typeof SUBMITTED_FIELDS)[number]>;

function isSameEvent(left: Submitted, right: Submitted): boolean {
  return submittedText(left) === submittedText(right);
}

/** The hash that stays of a pruned entry, to compare a resend with. */
export function submittedHash(event: Submitted): Uint8Array {
  return sha256(utf8.encode(submittedText(event)));
}

function submittedText(event: Submitted): string {
  const submitted = { ...event, details: submittedDetails(detailsOf(event)) };
  const fields = SUBMITTED_FIELDS.map((field) => [field, submitted[field]]);
  return canonicalJson(Object.fromEntries(fields) as CanonicalObject);
}
