/**
 * Which trace a request is part of, and whether that is sampled: W3C Trace Context Level 2 §4.1 and §7.2,
 * by the rules of src/formats/trace-context/probability-sampling.ts.
 *
 * The trace of an authenticated caller is joined: never sampled if the caller did not sample it, and else
 * as our own rate lets through, which caps what a foreign `sampled` flag costs. Any other caller's trace is
 * not joined but linked: it could choose trace ids that every rate lets through (§3.4 "Restart trace").
 */
import {
  decideSampling,
  decideSamplingByParent,
  type SamplingDecision,
  thresholdOf,
} from "#formats/trace-context/probability-sampling.ts";
import type { TraceContext } from "#formats/trace-context/trace-context.ts";
import { newTraceId } from "./random-ids.ts";

export interface PlacementTerms {
  readonly isTrusted: boolean;
  /** Null where spans have no destination: then a joined caller's decision goes on as it came. */
  readonly sampleRate: number | null;
}

export interface TracePlacement extends SamplingDecision {
  readonly traceId: string;
  readonly random: boolean;
  /** The caller's span, if its trace was joined. */
  readonly parentSpanId: string | null;
  /** The caller's context, if its trace was not joined. */
  readonly link: TraceContext | null;
}

/**
 * A threshold that each of the 2^56 values of randomness reaches, so what the parent sampled stays sampled.
 */
const PASS_ALL = 0n;

export function placeTrace(
  received: TraceContext | null,
  { isTrusted, sampleRate }: PlacementTerms,
): TracePlacement {
  if (received !== null && isTrusted) {
    const threshold = sampleRate === null ? PASS_ALL : thresholdOf(sampleRate);
    const { traceId, random, spanId } = received;
    const decision = decideSamplingByParent(received, threshold);
    return { traceId, random, parentSpanId: spanId, link: null, ...decision };
  }
  const begun = { traceId: newTraceId(), tracestate: [] };
  const threshold = sampleRate === null ? null : thresholdOf(sampleRate);
  const decision = decideSampling(begun, threshold);
  return { ...begun, random: true, parentSpanId: null, link: received, ...decision };
}

/** The context that a call made within `spanId` carries: that span is the parent at the other end. */
export function contextWithin(placement: TracePlacement, spanId: string): TraceContext {
  const { traceId, sampled, random, tracestate } = placement;
  return { traceId, spanId, sampled, random, tracestate };
}
