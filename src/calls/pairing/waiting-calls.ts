/**
 * Callers' calls as a row keeps them while they wait: a JSON array, of each call the instance that reports
 * it, its own, its side, and what its sample will have.
 */

import type { Call } from "#calls/call.ts";
import { type Outcome, outcomeIndex } from "#calls/outcome.ts";
import type { CallSide } from "#calls/traced-spans.ts";
import { bucketIndex } from "#formats/exponential-histogram.ts";
import { fitsParameter } from "#platform/d1/json-parameter.ts";
import { MINUTE_MS } from "#platform/time.ts";
import { rangeAround, type TimeRange } from "./told-calls.ts";

export interface WaitingRow {
  receivedAtMs: number;
  calls: number;
  payload: string;
}

/** A call with the instance that it is reported by: `__other__`, where a request has too many. */
export interface WaitingCall {
  reporter: string;
  call: Call;
}

/** Calls of a row, which are decided and counted in one transaction. */
const ROW_CALLS_MAX = 1_000;
/**
 * Deciding goes through the samples of the calls' time, and a transaction holds up the shard: calls that are
 * hours apart are rows of their own.
 */
export const LOOK_UP_MS_MAX = 15 * MINUTE_MS;

type WaitingFields = [
  reporter: string,
  instance: string,
  side: CallSide,
  id: string,
  workspace: string,
  plugin: string,
  tool: string,
  startedAtMs: number,
  durationUs: number,
  outcome: Outcome,
  traceId: string | null,
  spanId: string | null,
  parentSpanId: string | null,
  actor: string | null,
  sessionId: string | null,
  requestId: string | null,
  requestBytes: number | null,
  responseBytes: number | null,
  errorCode: string | null,
  errorHash: string | null,
  errorFingerprint: string | null,
];

export function waitingRows(calls: readonly WaitingCall[], receivedAtMs: number): WaitingRow[] {
  return cutByTime(calls).flatMap((together) => rowsOf(together, receivedAtMs));
}

/** One row, or several where long names would make it too large to bind. */
function rowsOf(calls: readonly WaitingCall[], receivedAtMs: number): WaitingRow[] {
  const payload = JSON.stringify(calls.map(storedCall));
  if (calls.length > 1 && !fitsParameter(payload)) {
    const half = calls.length >> 1;
    const halves = [calls.slice(0, half), calls.slice(half)];
    return halves.flatMap((some) => rowsOf(some, receivedAtMs));
  }
  return [{ receivedAtMs, calls: calls.length, payload }];
}

/** In order of start, so that neighbours share what is gone through. */
function cutByTime(calls: readonly WaitingCall[]): WaitingCall[][] {
  const rows: WaitingCall[][] = [];
  let row: WaitingCall[] = [];
  let [coverMs, toMs] = [0, 0];
  const growthOf = ({ fromMs, toMs: endMs }: TimeRange) =>
    Math.max(0, endMs - Math.max(fromMs, toMs));
  for (const waiting of calls.toSorted((a, b) => a.call.startedAtMs - b.call.startedAtMs)) {
    const range = rangeOf(waiting.call);
    if (row.length === ROW_CALLS_MAX || coverMs + growthOf(range) > LOOK_UP_MS_MAX) {
      rows.push(row);
      row = [];
      [coverMs, toMs] = [0, 0];
    }
    coverMs += growthOf(range);
    toMs = Math.max(toMs, range.toMs);
    row.push(waiting);
  }
  return row.length === 0 ? rows : [...rows, row];
}

export function rangeOf({ startedAtMs, durationUs }: Call): TimeRange {
  return rangeAround({ startMs: startedAtMs, endMs: startedAtMs + durationUs / 1_000 });
}

function storedCall({ reporter, call }: WaitingCall): WaitingFields {
  return [
    reporter,
    call.span?.instance ?? reporter,
    call.span?.side ?? "client",
    call.id,
    call.workspace,
    call.plugin,
    call.tool,
    call.startedAtMs,
    call.durationUs,
    call.outcome,
    call.traceId,
    call.spanId,
    call.parentSpanId,
    call.actor,
    call.sessionId,
    call.requestId,
    call.requestBytes,
    call.responseBytes,
    call.errorCode,
    call.errorHash,
    call.errorFingerprint,
  ];
}

/** By index: a call destructured takes three times as long. */
export function parseWaiting(payload: string, receivedAtMs: number): WaitingCall[] {
  return (JSON.parse(payload) as WaitingFields[]).map((stored) => ({
    reporter: stored[0],
    call: {
      id: stored[3],
      workspace: stored[4],
      plugin: stored[5],
      tool: stored[6],
      startedAtMs: stored[7],
      durationUs: stored[8],
      outcome: stored[9],
      outcomeIndex: outcomeIndex(stored[9]),
      bucket: bucketIndex(stored[8]),
      actor: stored[13],
      traceId: stored[10],
      spanId: stored[11],
      parentSpanId: stored[12],
      sessionId: stored[14],
      requestId: stored[15],
      requestBytes: stored[16],
      responseBytes: stored[17],
      errorCode: stored[18],
      errorHash: stored[19],
      errorFingerprint: stored[20],
      span: { instance: stored[1], side: stored[2], receivedAtMs },
    },
  }));
}
