/** What a selection of calls has more of, or less, than the others: by share, of each field's values. */
import type { CallFilter } from "#calls/call-filter.ts";
import type { RangedFilter } from "#calls/samples/counted-samples.ts";
import { sampleConditions } from "#calls/store/sample-conditions.ts";
import { BoundValues } from "#platform/d1/bound-values.ts";
import { coveredSamples, SCANNED_TO_MS } from "./covered-samples.ts";

/** Columns, by the names that the list's filters have. */
export const COMPARED_FIELDS = [
  "workspace",
  "plugin",
  "tool",
  "outcome",
  "instance",
  "actor",
  "error_code",
  "error_fingerprint",
] as const;
export type ComparedField = (typeof COMPARED_FIELDS)[number];

/** Values that are told of a field: those whose shares differ most. */
const VALUES_MAX = 10;

export interface ComparedValue {
  field: ComparedField;
  /** "" for calls without one. */
  value: string;
  selection: number;
  baseline: number;
}

export interface ComparedSamples {
  selection: number;
  baseline: number;
  values: ComparedValue[];
  scannedToMs: number | null;
}

type ComparedRow = Omit<ComparedSamples, "values"> & Record<ComparedField, string>;

/**
 * Fields that have few values in common: all samples are sorted once for each of these, and a field's values are
 * counted of what they have left. What tells most apart stands first, for sorting looks no further.
 */
const TOGETHER: Record<string, readonly ComparedField[]> = {
  names: ["tool", "plugin", "workspace"],
  ends: ["outcome", "error_fingerprint", "error_code"],
  ways: ["actor", "instance"],
};

const counted = ([name, fields]: [string, readonly ComparedField[]]) => `${name} AS MATERIALIZED (
      SELECT ${fields}, sum(is_selected) AS selected, sum(NOT is_selected) AS others FROM compared GROUP BY ${fields})`;

/** A text each, for D1 takes five terms of a UNION at most. */
const differing = ([name, fields]: [string, readonly ComparedField[]]) =>
  fields.map(
    (field) => `(SELECT json_group_array(json_array(value, selection, baseline)) FROM (
    SELECT ${field} AS value, sum(selected) AS selection, sum(others) AS baseline FROM ${name} GROUP BY ${field}
    ORDER BY abs(1.0 * sum(selected) / (SELECT max(1, selection) FROM sums)
      - 1.0 * sum(others) / (SELECT max(1, baseline) FROM sums)) DESC, ${field} LIMIT ${VALUES_MAX})) AS ${field}`,
  );

const COLUMNS = COMPARED_FIELDS.map((field) => `coalesce(${field}, '') AS ${field}`).join(", ");

/** Of what `filter` finds, what `selected` finds too against the rest. */
export async function findComparedSamples(
  db: D1Database,
  org: string,
  filter: RangedFilter,
  selected: CallFilter,
): Promise<ComparedSamples> {
  const values = new BoundValues();
  const orgPlace = values.text(org);
  const columns = `${COLUMNS}, (${sampleConditions(values, selected)}) IS TRUE AS is_selected`;
  const covered = coveredSamples(values, orgPlace, filter, columns);
  const together = Object.entries(TOGETHER);
  const sql = `WITH ${covered}, compared AS MATERIALIZED (SELECT * FROM matched), ${together.map(counted).join(", ")},
    sums AS MATERIALIZED (
      SELECT total(selected) AS selection, total(others) AS baseline FROM ends)
    SELECT selection, baseline, ${SCANNED_TO_MS} AS scannedToMs, ${together.flatMap(differing).join(", ")}
    FROM sums`;
  const row = (await values.bindTo(db.prepare(sql)).first<ComparedRow>())!;
  const { selection, baseline, scannedToMs } = row;
  return {
    selection,
    baseline,
    values: COMPARED_FIELDS.flatMap((field) => valuesOf(row, field)),
    scannedToMs,
  };
}

function valuesOf(row: ComparedRow, field: ComparedField): ComparedValue[] {
  const values: [string, number, number][] = JSON.parse(row[field]);
  return values.map(([value, selection, baseline]) => ({ field, value, selection, baseline }));
}
