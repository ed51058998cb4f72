/** What the activity endpoints answer. */
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import type { ColumnAxis } from "#dashboard/charts/column-axis.ts";
import { parseTimestampMs } from "#formats/rfc3339.ts";

/** Of every answer: what it covers, whole steps, and whether that is all. */
export interface ActivityHead {
  readonly from: string;
  readonly to: string;
  readonly step_seconds: number;
  readonly counted_until: string;
  readonly source: "minutes" | "quarter_hours" | "samples";
  readonly partial: boolean;
  readonly scanned_to?: string | null;
}

export type LabelNames = "workspace" | "plugin" | "tool" | "actor" | "instance" | "error_code";
export type FigureLabels = Readonly<Partial<Record<LabelNames, string>>>;

export interface ActivityAnswer extends ActivityHead {
  readonly series: readonly {
    readonly key: string;
    readonly labels?: FigureLabels | null;
    readonly calls: readonly number[];
  }[];
  readonly quantiles: Readonly<Record<QuantileName, readonly (number | null)[]>>;
}

export type QuantileName = "p50_ms" | "p95_ms" | "p99_ms";

export interface HeatMapAnswer extends ActivityHead {
  readonly columns: number;
  readonly cells: readonly (readonly [column: number, bucket: number, calls: number])[];
}

export interface TopRow {
  readonly labels: FigureLabels;
  readonly calls: number;
  readonly errors: number;
  readonly p95_ms: number | null;
}

export interface TopAnswer extends ActivityHead {
  readonly by: string;
  readonly metric: string;
  readonly total: { readonly calls: number; readonly errors: number };
  readonly rows: readonly TopRow[];
}

export interface ValuesAnswer {
  readonly values: readonly { readonly value: string; readonly calls: number | null }[];
}

export interface ComparedShare {
  /** As the filter takes it; empty for calls that have none. */
  readonly value: string;
  readonly selection: number;
  readonly baseline: number;
  readonly difference: number;
}

export interface CompareAnswer extends ActivityHead {
  readonly selection: { readonly calls: number };
  readonly baseline: { readonly calls: number };
  readonly fields: readonly { readonly field: string; readonly values: readonly ComparedShare[] }[];
}

export interface ListedErrors {
  /** Empty of errors that came without a message, which are grouped by their code. */
  readonly fingerprint: string;
  readonly calls: number;
  readonly first_seen: string;
  readonly last_seen: string;
  readonly codes: readonly { readonly value: string; readonly calls: number }[];
  readonly tools: readonly { readonly labels: FigureLabels; readonly calls: number }[];
  readonly newest_id: string;
}

export interface ErrorsAnswer extends ActivityHead {
  readonly total?: { readonly calls: number; readonly groups: number };
  readonly errors: readonly ListedErrors[];
}

export interface CallPage {
  readonly invocations: readonly CallAnswer[];
  readonly next_cursor: string | null;
  readonly scanned_to?: string | null;
}

export function axisOf(head: ActivityHead, columns?: number): ColumnAxis {
  const fromMs = msOf(head.from);
  const stepMs = head.step_seconds * 1000;
  return {
    fromMs,
    stepMs,
    columns: columns ?? Math.round((msOf(head.to) - fromMs) / stepMs),
    countedUntilMs: msOf(head.counted_until),
    scannedToMs: head.partial && head.scanned_to ? msOf(head.scanned_to) : null,
  };
}

/** What is counted in an answer: of a scan that broke off, all since it did. */
export function coveredTimes(head: ActivityHead): { fromMs: number; toMs: number } {
  const fromMs = msOf(head.partial && head.scanned_to ? head.scanned_to : head.from);
  return { fromMs, toMs: msOf(head.to) };
}

export function msOf(time: string): number {
  return parseTimestampMs(time) ?? Number.NaN;
}
