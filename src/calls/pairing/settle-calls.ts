/**
 * Settles callers' calls that have waited: those that nothing better tells of are counted, the others are
 * left to what counts them. All that is due is decided together, by what has come until then, and counted
 * unless something came meanwhile: then it is decided anew.
 */

import type { Call } from "#calls/call.ts";
import { type MovedCall, movePayloads } from "#calls/call-payload.ts";
import { findKnownToCallers } from "#calls/store/pairing/known-calls.ts";
import { keysOf } from "#calls/store/pairing/pairing-guards.ts";
import { countWaiting, findDue, type StoredWaiting } from "#calls/store/pairing/waiting-rows.ts";
import { CLOCK_SKEW_MS_MAX, type TracedSpan } from "#calls/traced-spans.ts";
import type { ShardedOrg } from "#orgs/store/shard-orgs.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase } from "#platform/shards.ts";
import { withTurns } from "#platform/slices.ts";
import { MINUTE_MS } from "#platform/time.ts";
import type { KeyedOrg } from "#vault/data-key-purpose.ts";
import { type CallersCount, countCallers } from "./count-once.ts";
import {
  type DueRow,
  inTransactions,
  reportsOfDue,
  type UndecidedCalls,
  undecidedCalls,
} from "./due-calls.ts";
import { lengthMs, rangesApart, spanOfCall, type TimeRange } from "./told-calls.ts";
import { LOOK_UP_MS_MAX, parseWaiting, rangeOf } from "./waiting-calls.ts";

/** "contended": something came meanwhile, and there is more to decide. */
export type SettleResult = "settled" | "contended" | "empty";

/** Settles a bounded number of the rows that are due. */
export async function settleOnce(env: Env, org: KeyedOrg, nowMs: number): Promise<SettleResult> {
  const db = shardDatabase(env, org.shard);
  const { rows, prunedBeforeMs } = await takeDue(db, org, nowMs);
  if (rows.length === 0) return "empty";
  const calls = rows.flatMap(callsOf);
  const spansDue = calls.flatMap((call) => spanOfCall(call, "undecided") ?? []);
  const keys = keysOf(spansDue, calls.map(rangeOf));
  const known = await findKnownToCallers(db, org.org, keys, linkedFrom(calls));
  const linked = known.linked;
  const undecided = undecidedCalls(calls, linked);
  const count = await withTurns(countCallers([...known.spans, ...linked, ...undecided.values()]));
  const sampleIdOf = sampleIdsOf(undecided, known.idOf);
  const countedIn = new Map<string | null, string[]>();
  for (const together of inTransactions(rows)) {
    const reports = reportsOfDue(together, prunedBeforeMs, undecided, count.counted);
    const spans = together.flatMap(callsOf).flatMap((call) => undecided.get(call) ?? []);
    const moved = await movePayloads(env, org, countedAs(together, undecided, count, sampleIdOf));
    // What this turn counted is no news to it.
    const own = spans.flatMap(({ traceId }) => countedIn.get(traceId) ?? []);
    const by = {
      keys: keysOf(spans, []),
      knownIds: [...known.ids, ...own],
      lastSeq: known.lastSeq,
    };
    if ((await countWaiting(db, org, { rows: together, reports, moved }, by)) === "contended")
      return "contended";
    for (const { traceId, id } of reports.flatMap((report) => report.calls)) {
      countedIn.set(traceId, [...(countedIn.get(traceId) ?? []), id]);
    }
  }
  return "settled";
}

type SampleIds = ReadonlyMap<TracedSpan, string>;

function sampleIdsOf(undecided: UndecidedCalls, known: SampleIds): SampleIds {
  const own = Array.from(undecided, ([{ id }, span]) => [span, id] as const);
  return new Map([...known, ...own]);
}

/** Calls of the rows that another's sample counts. */
function countedAs(
  rows: readonly DueRow[],
  undecided: UndecidedCalls,
  count: CallersCount,
  sampleIdOf: SampleIds,
): MovedCall[] {
  return rows.flatMap(callsOf).flatMap((call) => {
    const span = undecided.get(call);
    const counting = span === undefined ? undefined : count.countedAs.get(span);
    const sampleId = counting === undefined ? undefined : sampleIdOf.get(counting);
    return sampleId === undefined || sampleId === call.id ? [] : [{ id: call.id, sampleId }];
  });
}

/** Turns before a read, which has 1,000 queries for all that it does: the rest is the next one's. */
const READ_TURNS_MAX = 3;
/** After a turn that took so long the rest is the next read's too, or the minute's: a caller may send hours of calls. */
const READ_TURN_MS_MAX = 100;

/** Settles turn after turn until nothing is due, a turn was long, or `isOver` says so. */
export async function settleForRead(env: Env, org: KeyedOrg, isOver: () => boolean): Promise<void> {
  for (let turns = 0; turns < READ_TURNS_MAX; turns += 1) {
    const beganMs = Date.now();
    if ((await settleOnce(env, org, beganMs)) === "empty") return;
    if (isOver() || Date.now() - beganMs > READ_TURN_MS_MAX) return;
  }
}

/** Bounds the memory of a turn. */
const TURN_CALLS_MAX = 10_000;

/** The oldest rows, at least one: as many as it takes no more to look through than a row may take by itself. */
async function takeDue(
  db: D1Database,
  org: ShardedOrg,
  nowMs: number,
): Promise<{ rows: DueRow[]; prunedBeforeMs: number }> {
  const rows: DueRow[] = [];
  let [calls, after, prunedBeforeMs]: [number, string, number] = [0, "", 0];
  let ranges: TimeRange[] = [];
  while (calls < TURN_CALLS_MAX) {
    const page = await findDue(db, org, nowMs, after);
    for (const stored of page) {
      const row = dueRow(stored);
      const wider = rangesApart([...ranges, ...callsOf(row).map(rangeOf)]);
      if (rows.length > 0 && lengthMs(wider) > LOOK_UP_MS_MAX) return { rows, prunedBeforeMs };
      rows.push(row);
      ranges = wider;
      calls += row.waiting.length;
      [after, prunedBeforeMs] = [stored.id, stored.prunedBeforeMs];
    }
    if (page.length === 0) break;
  }
  return { rows, prunedBeforeMs };
}

function dueRow({ id, receivedMs, payload }: StoredWaiting): DueRow {
  return { id, receivedMs, waiting: parseWaiting(payload, receivedMs) };
}

function callsOf({ waiting }: DueRow): Call[] {
  return waiting.map(({ call }) => call);
}

/** What ends long after it began is told of when it ends: so are the spans around it. */
const LINKED_BEFORE_END_MS = MINUTE_MS;

function linkedFrom(calls: readonly Call[]): number {
  return calls.reduce((fromMs, { startedAtMs, durationUs }) => {
    const endedMs = startedAtMs + durationUs / 1_000 - LINKED_BEFORE_END_MS;
    return Math.min(fromMs, Math.max(startedAtMs - CLOCK_SKEW_MS_MAX, endedMs));
  }, Infinity);
}
