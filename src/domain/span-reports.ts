/** The calls of an OTLP request as reports of their instances, ready to be stored. */
import type { ReportHeader } from "./arrival.ts";
import { type Invocation, isRejection, parseInvocation, type ReportContext } from "./invocation.ts";
import { REPORT_SAMPLES_MAX } from "./invocation-schema.ts";
import type { Rejection } from "./sample-rejection.ts";
import { OTHER } from "./series.ts";
import type { SpanCalls } from "./span-calls.ts";
import type { SpanCall } from "./span-mapping.ts";

/** A collector sends for many at once. Each is a row; the rest report as one, and their samples keep their names. */
const INSTANCES_MAX = 100;

export interface SpanReport {
  header: ReportHeader;
  invocations: Invocation[];
}

export interface SpanReports {
  reports: readonly SpanReport[];
  rejected: readonly Rejection[];
}

/** A span has no place in a report and no `seq`: its ids name it for good. */
export function reportsOfCalls(
  calls: SpanCalls["reports"],
  context: Pick<ReportContext, "receivedAtMs" | "fingerprintKey">,
): SpanReports {
  const unnamed = { epochMs: null, seq: null, batchId: null, knownErrors: new Map() };
  const reports = new Map<string, SpanReport>();
  const rejected: Rejection[] = [];
  const seen = new Set<string>();
  for (const [instance, ofInstance] of calls) {
    const report = reportOf(reports, instance, context.receivedAtMs);
    const reporting = { ...context, ...unnamed, instance };
    for (const call of ofInstance) {
      const parsed = parseCall(call, reporting);
      if (isRejection(parsed)) {
        rejected.push(parsed);
        continue;
      }
      // Of copies within a request the first counts, whoever sent them.
      if (!seen.has(parsed.id)) report.invocations.push(parsed);
      seen.add(parsed.id);
    }
  }
  return { reports: [...reports.values()], rejected };
}

function parseCall(
  { sample, instance, side, parentSpanId }: SpanCall,
  context: ReportContext,
): Invocation | Rejection {
  const parsed = parseInvocation(sample, 0, context);
  if (isRejection(parsed)) return parsed;
  parsed.pair = { instance, isCaller: side !== "server", parentSpanId };
  return parsed;
}

function reportOf(
  reports: Map<string, SpanReport>,
  instance: string,
  receivedAtMs: number,
): SpanReport {
  const name = reports.size < INSTANCES_MAX ? instance : OTHER;
  const header = { instance: name, epochMs: null, seq: null, dropped: null, receivedAtMs };
  const report = reports.get(name) ?? { header, invocations: [] };
  reports.set(name, report);
  return report;
}

/** What goes into one transaction each: as many samples as a report may have. */
export function transactionsOf(reports: readonly SpanReport[]): SpanReport[][] {
  const transactions: SpanReport[][] = [];
  let room = 0;
  for (const { header, invocations } of reports) {
    for (let start = 0; start < Math.max(1, invocations.length); ) {
      if (room === 0) {
        transactions.push([]);
        room = REPORT_SAMPLES_MAX;
      }
      const piece = invocations.slice(start, start + room);
      transactions.at(-1)?.push({ header, invocations: piece });
      start += Math.max(1, piece.length);
      room -= piece.length;
    }
  }
  return transactions;
}
