/**
 * Spans as pairing sees them: how they hang together, and what those of a tool call say of it. A posted
 * sample that names its trace and span is one too, as its server's.
 */
import { SECOND_MS } from "#platform/time.ts";
import type { Outcome } from "./outcome.ts";

/** Who speaks: the tool's server, its caller, or a span that does not say (kind INTERNAL): a caller's too. */
export type CallSide = "server" | "client" | "internal";

export interface SpanRef {
  readonly traceId: string;
  readonly spanId: string;
}

export interface TracedSpan extends SpanRef {
  readonly parentSpanId: string | null;
  readonly links: readonly SpanRef[];
  /** Null for a span that is no tool call: it only leads from one to another. */
  readonly told: ToldCall | null;
}

/**
 * What is known of a span's call: a sample counts it, its sender is owed a decision now, or neither, for it
 * was decided before, or is not yet due.
 */
export type Standing = "counted" | "undecided" | "known";

export interface ToldCall {
  readonly side: CallSide;
  readonly tool: string;
  readonly startMs: number;
  readonly endMs: number;
  /** The request by its session and its id: null without either. */
  readonly exchange: string | null;
  readonly failure: CallFailure | null;
  readonly standing: Standing;
}

export interface CallFailure {
  readonly outcome: Outcome;
  readonly errorCode: string | null;
  readonly errorHash: string | null;
  readonly errorFingerprint: string | null;
}

/** Clocks of hosts that keep them at all agree far better. */
export const CLOCK_SKEW_MS_MAX = 10 * SECOND_MS;

/** SQL makes the same. */
export function exchangeOf(sessionId: string | null, requestId: string | null): string | null {
  return sessionId === null || requestId === null ? null : `${sessionId}\n${requestId}`;
}

export function spanKey({ traceId, spanId }: SpanRef): string {
  return `${traceId}${spanId}`;
}

export function parentOf({ traceId, parentSpanId }: TracedSpan): SpanRef | null {
  return parentSpanId === null ? null : { traceId, spanId: parentSpanId };
}
