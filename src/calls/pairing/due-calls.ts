/** Callers' calls that are due, as what is known of their traces makes them: the pure part of settling them. */
import type { ReportHeader } from "#calls/arrival.ts";
import type { Call } from "#calls/call.ts";
import { outcomeIndex } from "#calls/outcome.ts";
import { type CallFailure, CLOCK_SKEW_MS_MAX, type TracedSpan } from "#calls/traced-spans.ts";
import { uuid7TimeMs } from "#formats/uuid7.ts";
import { spanOfCall } from "./told-calls.ts";
import type { WaitingCall } from "./waiting-calls.ts";

export interface DueRow {
  id: string;
  receivedMs: number;
  waiting: WaitingCall[];
}

export type UndecidedCalls = ReadonlyMap<Call, TracedSpan>;

/** The calls' spans, with the links that their own requests told of. */
export function undecidedCalls(
  calls: readonly Call[],
  linked: readonly TracedSpan[],
): UndecidedCalls {
  const told = Map.groupBy(linked.filter(isCallers), ({ spanId }) => spanId);
  const undecided = new Map<Call, TracedSpan>();
  for (const call of calls) {
    const own = spanOfCall(call, "undecided");
    if (own === null) continue;
    const { links = [] } = told.get(own.spanId)?.find((span) => isNear(span, call)) ?? {};
    undecided.set(call, { ...own, links });
  }
  return undecided;
}

function isCallers({ told }: TracedSpan): boolean {
  return told !== null && told.side !== "server";
}

function isNear({ traceId, told }: TracedSpan, call: Call): boolean {
  if (told === null || traceId !== call.traceId) return false;
  return Math.abs(told.startMs - call.startedAtMs) <= CLOCK_SKEW_MS_MAX;
}

/** Calls, and instances that report them, of one transaction: each of the latter is a statement. */
const TRANSACTION_CALLS_MAX = 1_000;
const TRANSACTION_REPORTERS_MAX = 100;
/** Statements of a turn's transactions, of the 1,000 that an invocation may send. */
const STATEMENTS_MAX = 250;
/** Guards, the deletion, the samples; which of the calls have payloads, and what becomes of these. */
const STATEMENTS_BESIDE = 7;

/** Whole rows, in order. Those that would be too many statements wait for the next turn. */
export function inTransactions(rows: readonly DueRow[]): DueRow[][] {
  const transactions: DueRow[][] = [];
  let statements = 0;
  let calls = 0;
  let reporters = new Set<string>();
  for (const row of rows) {
    const both = new Set([...reporters, ...row.waiting.map(({ reporter }) => reporter)]);
    const isFull =
      calls + row.waiting.length > TRANSACTION_CALLS_MAX || both.size > TRANSACTION_REPORTERS_MAX;
    const last = transactions.at(-1);
    if (last !== undefined && !isFull) {
      last.push(row);
      calls += row.waiting.length;
      reporters = both;
      continue;
    }
    statements += reporters.size + STATEMENTS_BESIDE;
    if (statements > STATEMENTS_MAX) break;
    transactions.push([row]);
    calls = row.waiting.length;
    reporters = new Set(row.waiting.map(({ reporter }) => reporter));
  }
  return transactions;
}

/** A report for each instance, for it reported though nothing of it is counted. */
export function reportsOfDue(
  rows: readonly DueRow[],
  prunedBeforeMs: number,
  undecided: UndecidedCalls,
  failures: ReadonlyMap<TracedSpan, CallFailure | null>,
): { header: ReportHeader; calls: Call[] }[] {
  const reports = new Map<string, Call[]>();
  for (const { reporter, call } of rows.flatMap(({ waiting }) => waiting)) {
    const calls = reports.get(reporter) ?? [];
    reports.set(reporter, calls);
    const span = undecided.get(call);
    if (span === undefined || !failures.has(span)) continue;
    if (uuid7TimeMs(call.id) >= prunedBeforeMs)
      calls.push(failed(call, failures.get(span) ?? null));
  }
  const receivedAtMs = rows.reduce((oldest, row) => Math.min(oldest, row.receivedMs), Infinity);
  const header = { epochMs: null, seq: null, dropped: null, isFinal: null, receivedAtMs };
  return Array.from(reports, ([instance, calls]) => ({ header: { instance, ...header }, calls }));
}

function failed(call: Call, failure: CallFailure | null): Call {
  if (failure === null || failure.outcome === call.outcome) return call;
  return { ...call, ...failure, outcomeIndex: outcomeIndex(failure.outcome) };
}
