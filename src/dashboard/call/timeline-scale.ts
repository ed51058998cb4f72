/** Where on a timeline something lies. Times are milliseconds after the trace's first span began. */
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import type { AnsweredSpan, TraceAnswer } from "./call-answers.ts";
import { STAGE_NAMES } from "./span-tree.ts";

export interface TimeWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Bar {
  /** Shares of the window's width, from 0 to 1. */
  readonly start: number;
  readonly width: number;
  /** It goes on beyond the window. */
  readonly isCutBefore: boolean;
  readonly isCutAfter: boolean;
  readonly isOutside: boolean;
}

/** Around the call and its stages so much of their length is left. */
const MARGIN = 0.04;
/** A call that took no time still has a place. */
const WINDOW_MS_MIN = 0.01;

/** When the trace's first span began; without spans, the call. */
export function traceStartMs(trace: TraceAnswer | null, call: CallAnswer): number {
  const [first] = trace?.spans ?? [];
  return first === undefined
    ? Date.parse(call.started_at)
    : Date.parse(first.started_at) - first.offset_ms;
}

/** What the call and its stages took: a trace may go on for an hour, of which the call is a moment. */
export function callWindow(trace: TraceAnswer, call: CallAnswer): TimeWindow {
  const startMs = traceStartMs(trace, call);
  const callMs = Date.parse(call.started_at) - startMs;
  const bounds: TimeWindow[] = [{ fromMs: callMs, toMs: callMs + call.duration_ms }];
  for (const name of STAGE_NAMES) {
    const { started_at: startedAt, duration_ms: durationMs, span_id: id } = trace[name];
    const span = trace.spans.find((one) => one.span_id === id);
    const fromMs = span?.offset_ms ?? Date.parse(startedAt ?? "") - startMs;
    const lasts = durationMs ?? Number.NaN;
    // What brought a call in may have been a turn of minutes: it is shown cut.
    if (Number.isFinite(fromMs + lasts) && lasts <= 20 * Math.max(call.duration_ms, 1)) {
      bounds.push({ fromMs, toMs: fromMs + lasts });
    }
  }
  return withMargin(bounds);
}

export function traceWindow(spans: readonly AnsweredSpan[], call: TimeWindow): TimeWindow {
  const bounds = spans.map(({ offset_ms: fromMs, duration_ms: lasts }) => ({
    fromMs,
    toMs: fromMs + lasts,
  }));
  return bounds.length === 0 ? call : withMargin(bounds);
}

function withMargin(bounds: readonly TimeWindow[]): TimeWindow {
  // No spread: a trace has more spans than a function takes arguments.
  const fromMs = bounds.reduce((least, one) => Math.min(least, one.fromMs), Infinity);
  const toMs = bounds.reduce((most, one) => Math.max(most, one.toMs), -Infinity);
  const marginMs = Math.max((toMs - fromMs) * MARGIN, WINDOW_MS_MIN);
  return { fromMs: fromMs - marginMs, toMs: toMs + marginMs };
}

export function barOf(fromMs: number, durationMs: number, window: TimeWindow): Bar {
  const lengthMs = window.toMs - window.fromMs;
  const start = (fromMs - window.fromMs) / lengthMs;
  const end = (fromMs + Math.max(durationMs, 0) - window.fromMs) / lengthMs;
  const shown = { start: clamp(start), end: clamp(end) };
  return {
    start: shown.start,
    width: shown.end - shown.start,
    isCutBefore: start < 0 && end > 0,
    isCutAfter: end > 1 && start < 1,
    isOutside: end < 0 || start > 1,
  };
}

/** Round times at which the window is marked, four to eight of them. */
export function ticksOf({ fromMs, toMs }: TimeWindow): number[] {
  const rough = (toMs - fromMs) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough * 0.8);
  if (step === undefined) return [];
  const first = Math.ceil(fromMs / step);
  const last = Math.floor(toMs / step);
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, at) => (first + at) * step);
}

function clamp(share: number): number {
  return Math.min(Math.max(share, 0), 1);
}
