/** A call as one of the spans that tell of it, and where others of it are looked for. */

import type { Call } from "#calls/call.ts";
import { REPLAY } from "#calls/outcome.ts";
import {
  type CallFailure,
  CLOCK_SKEW_MS_MAX,
  exchangeOf,
  type SpanRef,
  type Standing,
  type TracedSpan,
} from "#calls/traced-spans.ts";
import { MINUTE_MS, SECOND_MS } from "#platform/time.ts";

/** Null for a sample that names no trace or no span: nothing else tells of its call. */
export function spanOfCall(
  call: Call,
  standing: Standing,
  links: readonly SpanRef[] = [],
): TracedSpan | null {
  const { traceId, spanId, parentSpanId, tool, startedAtMs, durationUs } = call;
  if (traceId === null || spanId === null) return null;
  const told = {
    side: call.span?.side ?? "server",
    tool,
    startMs: startedAtMs,
    endMs: startedAtMs + durationUs / 1_000,
    exchange: exchangeOf(call.sessionId, call.requestId),
    failure: failureOf(call),
    standing,
  };
  return { traceId, spanId, parentSpanId, links, told };
}

function failureOf(call: Call): CallFailure | null {
  const { outcome, outcomeIndex, errorCode, errorHash, errorFingerprint } = call;
  if (outcome === "ok" || outcomeIndex === REPLAY) return null;
  return { outcome, errorCode, errorHash, errorFingerprint };
}

export interface TimeRange {
  fromMs: number;
  toMs: number;
}

/** A call may wait for a connection, a queue or a container before its server starts to count. */
const SERVER_WAIT_MS_MAX = MINUTE_MS;
/** A gateway gives its sample an id when it reports it, and the id's time is what a sample is found by. */
const REPORT_DELAY_MS_MAX = 20 * SECOND_MS;

/** Where samples of the same call have their ids. */
export function rangeAround({ startMs, endMs }: { startMs: number; endMs: number }): TimeRange {
  const latestMs = Math.min(endMs, startMs + SERVER_WAIT_MS_MAX);
  return {
    fromMs: startMs - CLOCK_SKEW_MS_MAX,
    toMs: Math.ceil(latestMs) + CLOCK_SKEW_MS_MAX + REPORT_DELAY_MS_MAX,
  };
}

/** The same time as ranges that are apart, by start. */
export function rangesApart(ranges: readonly TimeRange[]): TimeRange[] {
  const apart: TimeRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = apart.at(-1);
    if (last === undefined || range.fromMs > last.toMs) apart.push({ ...range });
    else last.toMs = Math.max(last.toMs, range.toMs);
  }
  return apart;
}

/** The time that samples are gone through for, of ranges that are apart. */
export function lengthMs(apart: readonly TimeRange[]): number {
  return apart.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
}
