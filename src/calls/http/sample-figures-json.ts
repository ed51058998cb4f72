import * as Type from "typebox";
import type { CallComparison } from "#calls/samples/compare-calls.ts";
import type { SampleCoverage } from "#calls/samples/counted-samples.ts";
import { COMPARED_FIELDS } from "#calls/store/samples/compared-samples.ts";
import type { ErrorGroups } from "#calls/store/samples/error-groups.ts";
import type { SampleTopQuery, TopOfSamples } from "#calls/store/samples/top-of-samples.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";

const Time = Type.String({ format: "date-time" });
const Calls = Type.Integer();
const Value = Type.String({
  description: "As the list's filter takes it; empty for calls without one",
});

/** How every answer that is counted of samples begins. */
const SAMPLE_HEAD = {
  from: Time,
  to: Time,
  step_seconds: Type.Integer({ description: "0: from and to are as asked" }),
  counted_until: Time,
  source: Type.Literal("samples"),
  partial: Type.Boolean(),
  scanned_to: Type.Optional(
    Type.String({
      format: "date-time",
      description:
        "Where partial: only calls that began at that time or later are counted, and all of these; " +
        "what began before was not looked at, or was pruned",
    }),
  ),
};

export const ErrorGroupsSchema = Type.Object(
  {
    ...SAMPLE_HEAD,
    total: Type.Object({ calls: Calls, groups: Type.Integer() }),
    errors: Type.Array(
      Type.Object({
        fingerprint: Value,
        calls: Calls,
        first_seen: Time,
        last_seen: Time,
        codes: Type.Array(Type.Object({ value: Value, calls: Calls })),
        tools: Type.Array(
          Type.Object({
            labels: Type.Object({
              workspace: Type.String(),
              plugin: Type.String(),
              tool: Type.String(),
            }),
            calls: Calls,
          }),
        ),
        newest_id: Type.String(),
      }),
    ),
  },
  { title: "ErrorGroups" },
);

export const CallComparisonSchema = Type.Object(
  {
    ...SAMPLE_HEAD,
    selection: Type.Object({ calls: Calls }),
    baseline: Type.Object({ calls: Calls }),
    fields: Type.Array(
      Type.Object({
        field: Type.Enum([...COMPARED_FIELDS]),
        values: Type.Array(
          Type.Object({
            value: Value,
            selection: Calls,
            baseline: Calls,
            difference: Type.Number({
              description: "Share of the selection minus that of the rest",
            }),
          }),
        ),
      }),
    ),
  },
  { title: "CallComparison" },
);

function sampleHead({ fromMs, toMs, scannedToMs, countedUntilMs }: SampleCoverage) {
  return {
    from: formatTimestamp(fromMs),
    to: formatTimestamp(toMs),
    step_seconds: 0,
    counted_until: formatTimestamp(countedUntilMs),
    source: "samples" as const,
    partial: scannedToMs !== null,
    ...(scannedToMs === null ? {} : { scanned_to: formatTimestamp(scannedToMs) }),
  };
}

export function sampleTopJson(
  { total, rows, ...coverage }: TopOfSamples & SampleCoverage,
  { by, metric }: Pick<SampleTopQuery, "by" | "metric">,
) {
  return {
    ...sampleHead(coverage),
    by,
    metric,
    total,
    rows: rows.map(({ value, calls, errors, p95Us }) => ({
      labels: { [by]: value },
      calls,
      errors,
      p95_ms: p95Us === null ? null : p95Us / 1e3,
    })),
  };
}

export function errorGroupsJson({ total, groups, ...coverage }: ErrorGroups & SampleCoverage) {
  return {
    ...sampleHead(coverage),
    total,
    errors: groups.map(({ fingerprint, calls, firstMs, lastMs, codes, tools, newestId }) => ({
      fingerprint,
      calls,
      first_seen: formatTimestamp(firstMs),
      last_seen: formatTimestamp(lastMs),
      codes,
      tools,
      newest_id: newestId,
    })),
  };
}

export function callComparisonJson({ selection, baseline, fields, ...coverage }: CallComparison) {
  return {
    ...sampleHead(coverage),
    selection: { calls: selection },
    baseline: { calls: baseline },
    fields,
  };
}
