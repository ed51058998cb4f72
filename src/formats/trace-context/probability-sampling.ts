/**
 * OpenTelemetry's consistent probability sampling (Development) and its composable samplers:
 * https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 * https://opentelemetry.io/docs/specs/otel/trace/sdk/#built-in-composablesamplers
 *
 * A trace is sampled if its randomness R reaches the threshold T = (1 - probability) * 2^56. All
 * that see the trace compare the same R, so whoever samples at a greater probability has all that
 * is sampled at a lesser one. A sampled context says T in `th`, from which a backend counts the
 * requests that the span stands for; where the probability is not known, there is no `th`.
 *
 * Whom to believe is the caller's choice, by which of the two decisions it takes.
 */
import {
  formatOtMember,
  OT_KEY,
  type OtMember,
  parseOtMember,
  SAMPLING_RANGE,
} from "./ot-member.ts";
import type { TraceContext } from "./trace-context.ts";
import { memberOf, type TracestateMember, withMember, withoutMember } from "./tracestate.ts";

/** What the randomness of a trace is read from: all of it also exists for a trace that begins. */
export type RandomnessSource = Pick<TraceContext, "traceId" | "tracestate">;

/** Spread over the context, it makes what is sent on: `{ ...context, ...decision }`. */
export interface SamplingDecision {
  readonly sampled: boolean;
  /** Has the `th` of a sampled trace where that is known, and no `th` for an unsampled one. */
  readonly tracestate: readonly TracestateMember[];
}

/** 56 bits are 14 hex digits. */
const RANDOM_DIGITS = 14;

const EMPTY_MEMBER: OtMember = { threshold: null, randomness: null, others: [] };

/**
 * Null for never: 0 is no probability ("Sampling Probability"), nor is what 56 bits cannot say.
 * The product by 2^56 is exact, but the difference 1 - probability would not be: it makes a
 * threshold of 0xe6666666666668 out of 0.1. All digits are kept, so that the rate is the one asked.
 */
export function thresholdOf(probability: number): bigint | null {
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`a probability is between 0 and 1, got ${probability}`);
  }
  if (probability < 2 ** -56) return null;
  return SAMPLING_RANGE - BigInt(Math.round(probability * 2 ** 56));
}

/**
 * `rv` if there is one, else the last 56 bits of the trace id. They are presumed random even where
 * the flag does not say so (SDK "Presumption of TraceID randomness"): a participant of level 1
 * clears it.
 */
export function randomnessOf({ traceId, tracestate }: RandomnessSource): bigint {
  return readOt(tracestate).randomness ?? BigInt(`0x${traceId.slice(-RANDOM_DIGITS)}`);
}

/**
 * ComposableProbability: decides by our probability alone, whatever a caller's `sampled` and `th` say. It
 * is for a trace that begins here, and for callers who are not trusted, whose `sampled` would else decide
 * how much is exported. It bounds the honest: a caller who means harm can choose the trace id too, and is
 * bounded only by starting a trace of our own (Trace Context §3.4 "Restart trace").
 *
 * A span of an unsampled trace that is exported all the same, because it failed, takes the decision's
 * tracestate as it is: having no `th`, it counts for no other request.
 */
export function decideSampling(
  trace: RandomnessSource,
  threshold: bigint | null,
): SamplingDecision {
  const isSampled = threshold !== null && randomnessOf(trace) >= threshold;
  return decide(trace.tracestate, isSampled, threshold);
}

/**
 * ComposableParentThreshold under a limit of our own, for callers who are trusted: it samples nothing that
 * the parent did not, so that no trace is without its root, and of what the parent did sample, what our
 * threshold lets through. With 0n, which lets all through, the parent's decision is ours.
 *
 * Both compare the same R, so passing both is passing the greater threshold, which `th` then says (as of an
 * "Equalizing downstream sampler"). A parent that says no threshold, or one that contradicts its flag,
 * leaves the probability unknown: then `th` is erased ("Parent-based threshold").
 */
export function decideSamplingByParent(
  parent: TraceContext,
  threshold: bigint | null,
): SamplingDecision {
  const { threshold: sent } = readOt(parent.tracestate);
  const randomness = randomnessOf(parent);
  const isSampled = parent.sampled && threshold !== null && randomness >= threshold;
  if (!isSampled || sent === null || randomness < sent) {
    return decide(parent.tracestate, isSampled, null);
  }
  return decide(parent.tracestate, isSampled, sent > threshold ? sent : threshold);
}

function decide(
  tracestate: readonly TracestateMember[],
  sampled: boolean,
  threshold: bigint | null,
): SamplingDecision {
  return { sampled, tracestate: withThreshold(tracestate, sampled ? threshold : null) };
}

/** Where `th` does not fit beside other sub-keys, it is left out: the sample then has no count. */
function withThreshold(
  tracestate: readonly TracestateMember[],
  threshold: bigint | null,
): readonly TracestateMember[] {
  const ot = readOt(tracestate);
  const value = formatOtMember({ ...ot, threshold }) ?? formatOtMember({ ...ot, threshold: null });
  if (value === null) return withoutMember(tracestate, OT_KEY);
  if (value === memberOf(tracestate, OT_KEY)) return tracestate;
  return withMember(tracestate, OT_KEY, value);
}

function readOt(tracestate: readonly TracestateMember[]): OtMember {
  return parseOtMember(memberOf(tracestate, OT_KEY) ?? "") ?? EMPTY_MEMBER;
}
