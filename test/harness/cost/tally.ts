/** What is billed, by part: rows of D1 and of the object, requests, and how long objects are at it. One an isolate. */
import { AsyncLocalStorage } from "node:async_hooks";
import { type Cause, PART_OF_CAUSE, type Part, partOf, type Store, writeOf } from "./parts.ts";
import { realNowMs } from "./played-clock.ts";

export interface TalliedRows {
  part: Part;
  /** Which is written; empty where none is. */
  table: string;
  read: number;
  written: number;
}

export interface TalliedRequests {
  part: Part;
  requests: number;
  objectRequests: number;
}

export interface Bill {
  rows: TalliedRows[];
  requests: TalliedRequests[];
  /** In which the object had something to do. */
  objectMs: number;
}

interface Counts {
  rowsRead: number;
  rowsWritten: number;
}

const causes = new AsyncLocalStorage<Cause>();
const rows = new Map<string, TalliedRows>();
const requests = new Map<Part, TalliedRequests>();
const unfinished: { cause: Cause; sql: string; cursor: Readonly<Counts> }[] = [];
let busy = { calls: 0, sinceMs: 0, objectMs: 0 };

export function causedBy<Result>(cause: Cause, work: () => Result): Result {
  return causes.run(cause, work);
}

/** What nobody began is the object's own. */
const causeNow = (): Cause => causes.getStore() ?? "alarm";

export function noteRows(store: Store, sql: string, { rowsRead, rowsWritten }: Counts): void {
  addRows(store, causeNow(), sql, rowsRead, rowsWritten);
}

/** Its counts are read once no call is under way: until it is at its end they grow. */
export function noteCursor(sql: string, cursor: Readonly<Counts>): void {
  unfinished.push({ cause: causeNow(), sql, cursor });
}

export function noteAlarmSet(): void {
  add("ledger: alarms", "(alarm)", 0, 1);
}

export function noteRequest(cause: Cause): void {
  requestsOf(PART_OF_CAUSE[cause]).requests += 1;
}

/** A call to an object, by whoever makes it, or an alarm. */
export async function asObjectRequest<Result>(call: () => Promise<Result>): Promise<Result> {
  requestsOf(PART_OF_CAUSE[causeNow()]).objectRequests += 1;
  if (busy.calls === 0) {
    finishCursors();
    busy.sinceMs = realNowMs();
  }
  busy.calls += 1;
  try {
    return await call();
  } finally {
    busy.calls -= 1;
    if (busy.calls === 0) busy.objectMs += realNowMs() - busy.sinceMs;
  }
}

/** All since the last time. */
export function takeBill(): Bill {
  finishCursors();
  const bill = { rows: [...rows.values()], requests: [...requests.values()] };
  const { objectMs } = busy;
  rows.clear();
  requests.clear();
  busy = { ...busy, objectMs: 0 };
  return { ...bill, objectMs };
}

function finishCursors(): void {
  for (const { cause, sql, cursor } of unfinished.splice(0)) {
    addRows("object", cause, sql, cursor.rowsRead, cursor.rowsWritten);
  }
}

interface Kind {
  part: Part;
  table: string;
}

/** By text, then by store and cause. Texts are few: to read each anew would be a good part of what is measured. */
const kinds = new Map<string, Map<string, Kind>>();

function kindOf(store: Store, cause: Cause, sql: string): Kind {
  const ofText = kinds.get(sql) ?? new Map<string, Kind>();
  kinds.set(sql, ofText);
  const key = `${store} ${cause}`;
  const kind = ofText.get(key) ?? {
    part: partOf(store, cause, sql),
    table: writeOf(sql)?.table ?? "",
  };
  ofText.set(key, kind);
  return kind;
}

function addRows(store: Store, cause: Cause, sql: string, read: number, written: number): void {
  const { part, table } = kindOf(store, cause, sql);
  add(part, table, read, written);
}

function add(part: Part, table: string, read: number, written: number): void {
  const key = `${part}/${table}`;
  const row = rows.get(key) ?? { part, table, read: 0, written: 0 };
  rows.set(key, { ...row, read: row.read + read, written: row.written + written });
}

function requestsOf(part: Part): TalliedRequests {
  const known = requests.get(part) ?? { part, requests: 0, objectRequests: 0 };
  requests.set(part, known);
  return known;
}
