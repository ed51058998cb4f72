/** Why some calls are other than the rest: each field's values by their share of a selection and of all others. */
import type { CallFilter } from "#calls/call-filter.ts";
import {
  COMPARED_FIELDS,
  type ComparedField,
  findComparedSamples,
} from "#calls/store/samples/compared-samples.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import {
  countedCalls,
  countSamples,
  type RangedFilter,
  type SampleCoverage,
} from "./counted-samples.ts";

export interface FieldComparison {
  field: ComparedField;
  /** The greatest difference first. */
  values: { value: string; selection: number; baseline: number; difference: number }[];
}

export interface CallComparison extends SampleCoverage {
  selection: number;
  baseline: number;
  /** The one whose values differ most first. */
  fields: FieldComparison[];
}

export async function compareCalls(
  env: Env,
  org: Org,
  { filter, selected }: { filter: RangedFilter; selected: CallFilter },
  isOver: () => boolean,
): Promise<CallComparison> {
  const counted = countedCalls(filter);
  const { values, ...found } = await countSamples(env, org, counted, isOver, (db) =>
    findComparedSamples(db, org.org, counted, selected),
  );
  const { selection, baseline } = found;
  const fields = COMPARED_FIELDS.map((field) => ({
    field,
    values: values
      .filter((value) => value.field === field)
      .map(({ field: _, ...value }) => ({
        ...value,
        difference: shareOf(value.selection, selection) - shareOf(value.baseline, baseline),
      })),
  }));
  const greatest = ({ values: [first] }: FieldComparison) => Math.abs(first?.difference ?? 0);
  return { ...found, fields: fields.toSorted((a, b) => greatest(b) - greatest(a)) };
}

function shareOf(part: number, whole: number): number {
  return part / Math.max(1, whole);
}
