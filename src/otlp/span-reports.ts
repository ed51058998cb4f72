/** The calls of an OTLP request as reports of their instances. */
import type { ReportHeader } from "#calls/arrival.ts";
import { type Call, isRejection, parseSample, type SampleContext } from "#calls/call.ts";
import type { KeptPayloads } from "#calls/call-payload.ts";
import type { WaitingCall } from "#calls/pairing/waiting-calls.ts";
import type { Rejection } from "#calls/sample-rejection.ts";
import { REPORT_SAMPLES_MAX } from "#calls/sample-schema.ts";
import { OTHER } from "#calls/series.ts";
import type { Span } from "#formats/otlp/trace-model.ts";
import { inSlices } from "#platform/slices.ts";
import type { SpannedCall } from "./span-calls.ts";

/**
 * A collector sends for many instances at once. Each of the first is a row; the others report as one, and
 * their samples keep their names.
 */
const INSTANCES_MAX = 100;

export interface SpanReport {
  header: ReportHeader;
  calls: Call[];
  payloads?: KeptPayloads;
}

export interface ParsedCalls {
  /** By their spans, in the order sent. */
  calls: ReadonlyMap<Span, Call>;
  rejected: readonly Rejection[];
}

/**
 * A span has no place in a report and no `seq`: its ids name it for good. What cannot be counted counts no
 * call for another span either: it is left out before any are told apart.
 */
export async function parseCalls(
  spanned: readonly SpannedCall[],
  context: Pick<SampleContext, "receivedAtMs" | "fingerprintKey">,
): Promise<ParsedCalls> {
  const reporting = {
    ...context,
    ...{ epochMs: null, seq: null, batchId: null, knownErrors: new Map() },
  };
  const calls = new Map<Span, Call>();
  const rejected: Rejection[] = [];
  await inSlices(spanned, callCostUs, ({ span, call }) => {
    const { sample, instance, side } = call;
    const parsed = parseSample(sample, 0, { ...reporting, instance });
    if (isRejection(parsed)) {
      rejected.push(parsed);
      return;
    }
    parsed.span = { instance, side, receivedAtMs: context.receivedAtMs };
    calls.set(span, parsed);
  });
  return { calls, rejected };
}

/** A message is hashed and fingerprinted. */
function callCostUs({ call: { sample } }: SpannedCall): number {
  return 10 + (sample.error_message?.length ?? 0) / 4;
}

/** The names that a request's calls are reported by. */
export class Reporters {
  readonly #names = new Set<string>();

  of({ span }: Call): string {
    const instance = span?.instance ?? OTHER;
    if (this.#names.has(instance)) return instance;
    if (this.#names.size >= INSTANCES_MAX) return OTHER;
    this.#names.add(instance);
    return instance;
  }
}

/**
 * The reports of transactions of 1,000 calls at most, for a transaction holds up a shard. One of no call at
 * all is none.
 */
export function reportsOfCalls(
  calls: readonly Call[],
  reporters: Reporters,
  receivedAtMs: number,
): SpanReport[][] {
  const transactions: SpanReport[][] = [];
  for (let from = 0; from < calls.length; from += REPORT_SAMPLES_MAX) {
    const some = Map.groupBy(calls.slice(from, from + REPORT_SAMPLES_MAX), (call) =>
      reporters.of(call),
    );
    const none = { epochMs: null, seq: null, dropped: null, isFinal: null, receivedAtMs };
    transactions.push(
      Array.from(some, ([instance, ofIt]) => ({ header: { instance, ...none }, calls: ofIt })),
    );
  }
  return transactions;
}

export function waitingCalls(calls: readonly Call[], reporters: Reporters): WaitingCall[] {
  return calls.map((call) => ({ reporter: reporters.of(call), call }));
}
