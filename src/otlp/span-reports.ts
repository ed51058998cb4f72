/** The calls of an OTLP request as reports of their instances. */
import type { ReportHeader } from "#calls/arrival.ts";
import { isRejection, parseSample, type SampleContext } from "#calls/call.ts";
import type { Rejection } from "#calls/sample-rejection.ts";
import { OTHER } from "#calls/series.ts";
import type { PairedCall } from "#calls/span-pairs.ts";
import { inSlices } from "#platform/slices.ts";
import { withoutDoubles } from "./span-doubles.ts";
import type { SpanCall } from "./span-mapping.ts";

/**
 * A collector sends for many instances at once. Each of the first is a row; the others report as one, and
 * their samples keep their names.
 */
const INSTANCES_MAX = 100;

export interface SpanReport {
  header: ReportHeader;
  calls: PairedCall[];
}

export interface SpanReports {
  reports: readonly SpanReport[];
  /** Spans of calls that another span of this request counts. */
  merged: number;
  rejected: readonly Rejection[];
}

/** A span has no place in a report and no `seq`: its ids name it for good. */
export async function reportsOfCalls(
  calls: readonly SpanCall[],
  context: Pick<SampleContext, "receivedAtMs" | "fingerprintKey">,
): Promise<SpanReports> {
  const reporting = {
    ...context,
    ...{ epochMs: null, seq: null, batchId: null, knownErrors: new Map() },
  };
  const usable: { call: SpanCall; paired: PairedCall }[] = [];
  const rejected: Rejection[] = [];
  // Checked before they are merged: a span that cannot be counted counts no call for another.
  await inSlices(calls, callCostUs, (call) => {
    const paired = parseCall(call, { ...reporting, instance: call.instance });
    if (isRejection(paired)) rejected.push(paired);
    else usable.push({ call, paired });
  });
  const counted = withoutDoubles(usable);
  const reports = new Map<string, SpanReport>();
  for (const { call, paired } of counted) {
    reportOf(reports, call.instance, context.receivedAtMs).calls.push(paired);
  }
  return { reports: [...reports.values()], merged: usable.length - counted.length, rejected };
}

/** A message is hashed and fingerprinted. */
function callCostUs({ sample }: SpanCall): number {
  return 10 + (sample.error_message?.length ?? 0) / 4;
}

function parseCall(
  { sample, instance, side, parentSpanId }: SpanCall,
  context: SampleContext,
): PairedCall | Rejection {
  const parsed = parseSample(sample, 0, context);
  if (isRejection(parsed)) return parsed;
  const pair = { instance, isCaller: side !== "server", parentSpanId };
  return Object.assign(parsed, { pair });
}

function reportOf(
  reports: Map<string, SpanReport>,
  instance: string,
  receivedAtMs: number,
): SpanReport {
  const name = reports.has(instance) || reports.size < INSTANCES_MAX ? instance : OTHER;
  const header = { instance: name, epochMs: null, seq: null, dropped: null, receivedAtMs };
  const report = reports.get(name) ?? { header, calls: [] };
  reports.set(name, report);
  return report;
}
