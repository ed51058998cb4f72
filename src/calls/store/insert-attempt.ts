/** What a try to insert reports leaves out, and how the next one follows from why it failed. */
import type { Call } from "#calls/call.ts";
import { countAmongKnown } from "#calls/pairing/count-once.ts";
import { clustersWith } from "#calls/pairing/span-clusters.ts";
import type { KnownCalls } from "#calls/store/pairing/known-calls.ts";
import type { TracedSpan } from "#calls/traced-spans.ts";
import { withTurns } from "#platform/slices.ts";
import type { ReportedCalls } from "./insert-statements.ts";
import type { TracedRequest } from "./traced-request.ts";

/** What is left to insert, and why the rest is not. */
export interface Attempt {
  /** All but what was pruned or is there: what of it is to be counted is decided with each try. */
  absent: readonly ReportedCalls[];
  fresh: readonly ReportedCalls[];
  pruned: readonly Call[];
  /** By id, the sample that counts the call; null where it is of this request, or gone. */
  countedElsewhere: ReadonlyMap<string, string | null>;
  /** What the calls were decided by. */
  known: KnownCalls;
  late: number;
}

export const NOTHING_KNOWN = {
  ...{ spans: [], ids: [], callerIds: [], lastSeq: 0 },
  idOf: new Map<TracedSpan, string>(),
} satisfies KnownCalls;

/** Why nothing was written: ids that are there, samples that may count the calls. */
export interface Conflicts {
  present: Set<string>;
  known: KnownCalls;
}

/** Leaves out what is there, and decides on the rest by what is known now. */
export async function withoutConflicts(
  attempt: Attempt,
  { present, known }: Conflicts,
  traced: TracedRequest,
): Promise<Attempt> {
  const absent = keeping(attempt.absent, ({ id }) => !present.has(id));
  const asked = new Map<string, TracedSpan>();
  for (const { id } of absent.flatMap(({ calls }) => calls)) {
    const span = traced.calls.get(id);
    if (span !== undefined) asked.set(id, span);
  }
  const left = new Set(asked.values());
  const all = clustersWith(left, [...known.spans, ...traced.spans]);
  const { counted, settled, late } = await withTurns(
    countAmongKnown(all.map((span) => (left.has(span) ? span : decided(span)))),
  );
  const elsewhere = new Map(
    [...asked].flatMap(([id, span]) => {
      if (counted.has(span)) return [];
      const by = settled.get(span);
      return [[id, (by === undefined ? null : known.idOf.get(by)) ?? null] as const];
    }),
  );
  return {
    ...attempt,
    absent,
    fresh: keeping(absent, ({ id }) => !elsewhere.has(id)),
    countedElsewhere: elsewhere,
    known,
    late,
  };
}

function decided(span: TracedSpan): TracedSpan {
  if (span.told?.standing !== "undecided") return span;
  return { ...span, told: { ...span.told, standing: "known" } };
}

export function countOf(reports: readonly ReportedCalls[]): number {
  return reports.reduce((count, { calls }) => count + calls.length, 0);
}

export function keeping(
  reports: readonly ReportedCalls[],
  isKept: (call: Call) => boolean,
): readonly ReportedCalls[] {
  return reports.map((report) => ({ ...report, calls: report.calls.filter(isKept) }));
}
