import * as Type from "typebox";
import type { ActivityAnswer } from "#calls/activity/activity-question.ts";
import type { HeatMap } from "#calls/activity/activity-sinks.ts";
import type { SeriesActivity } from "#calls/activity/series-activity.ts";
import type { TopActivity } from "#calls/activity/top-activity.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";

const Time = (description?: string) =>
  Type.String({ format: "date-time", ...(description === undefined ? {} : { description }) });

/** How every answer about activity begins. */
export const ACTIVITY_HEAD = {
  from: Time("Inclusive; as asked, widened to whole steps"),
  to: Time("Exclusive"),
  step_seconds: Type.Integer(),
  counted_until: Time("When the oldest report arrived that is not counted yet, else now"),
  source: Type.Enum(["minutes", "quarter_hours", "samples"]),
  partial: Type.Boolean({ description: "Not all of the time was looked at: see scanned_to" }),
  scanned_to: Type.Optional(Time("What began before is not counted, or was pruned")),
} as const;

const NAMES = {
  workspace: Type.Optional(Type.String()),
  plugin: Type.Optional(Type.String()),
  tool: Type.Optional(Type.String()),
} as const;
const LabelsSchema = Type.Object(NAMES);
/** As the list's filter takes it: empty for calls without one. */
const Value = Type.Optional(Type.String());
const Quantiles = Type.Array(Type.Union([Type.Number(), Type.Null()]));

export const ActivitySchema = Type.Object(
  {
    ...ACTIVITY_HEAD,
    series: Type.Array(
      Type.Object({
        key: Type.String({ description: "An outcome, or a name that `labels` tell in full" }),
        labels: Type.Optional(Type.Union([LabelsSchema, Type.Null()])),
        calls: Type.Array(Type.Integer(), { description: "By step" }),
      }),
      { description: "Of groups the ten greatest; what is left is `__other__`, with null labels" },
    ),
    quantiles: Type.Object(
      { p50_ms: Quantiles, p95_ms: Quantiles, p99_ms: Quantiles },
      { description: "By step, of half-octaves; null without calls; replays have none" },
    ),
  },
  { title: "Activity" },
);

export const HeatMapSchema = Type.Object(
  {
    ...ACTIVITY_HEAD,
    scale: Type.Literal(1, {
      description: "OpenTelemetry's: bucket i is (2^(i/2), 2^((i+1)/2)] seconds",
    }),
    columns: Type.Integer(),
    cells: Type.Array(Type.Array(Type.Integer(), { minItems: 3, maxItems: 3 }), {
      description: "[column, bucket, calls]; bucket -41 has all durations up to 2^-20 s",
    }),
  },
  { title: "ActivityHeatMap" },
);

export const TopSchema = Type.Object(
  {
    ...ACTIVITY_HEAD,
    by: Type.String(),
    metric: Type.String(),
    total: Type.Object({ calls: Type.Integer(), errors: Type.Integer() }),
    rows: Type.Array(
      Type.Object({
        labels: Type.Object({ ...NAMES, actor: Value, instance: Value, error_code: Value }),
        calls: Type.Integer(),
        errors: Type.Integer(),
        p95_ms: Type.Union([Type.Number(), Type.Null()]),
      }),
    ),
  },
  { title: "ActivityTop" },
);

type AnswerHead = Omit<ActivityAnswer<unknown>, "sink" | "labelsOf">;

export function activityHead({ range, source, countedUntilMs, scannedToMs }: AnswerHead) {
  return {
    from: formatTimestamp(range.fromMs),
    to: formatTimestamp(range.toMs),
    step_seconds: range.stepMs / 1e3,
    counted_until: formatTimestamp(countedUntilMs),
    source,
    partial: scannedToMs !== null,
    ...(scannedToMs === null ? {} : { scanned_to: formatTimestamp(scannedToMs) }),
  };
}

export function activityJson({ answer, series }: SeriesActivity) {
  const quantile = (of: number) =>
    answer.sink.steps.map(({ latencies }) => latencies.quantileMs(of));
  return {
    ...activityHead(answer),
    series,
    quantiles: { p50_ms: quantile(0.5), p95_ms: quantile(0.95), p99_ms: quantile(0.99) },
  };
}

export function heatMapJson(answer: ActivityAnswer<HeatMap>) {
  const { columns } = answer.sink;
  return {
    ...activityHead(answer),
    scale: 1,
    columns: columns.length,
    cells: columns.flatMap((latencies, column) =>
      [...latencies.entries()].map(([bucket, calls]) => [column, bucket, calls]),
    ),
  };
}

export function topJson({ answer, total, rows }: TopActivity) {
  return {
    ...activityHead(answer),
    total: { calls: total.calls, errors: total.errors },
    rows: rows.map(({ labels, calls, errors, p95Ms }) => ({
      labels,
      calls,
      errors,
      p95_ms: p95Ms,
    })),
  };
}
