/** Calls by step, of each outcome or of the groups that have most, and how long they took. */

import { OUTCOMES } from "#calls/outcome.ts";
import { OTHER } from "#calls/series.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { countedOutcomes, countsReplays } from "./activity-filter.ts";
import type {
  ActivityAnswer,
  ActivityLabels,
  ActivityQuestion,
  GroupKey,
} from "./activity-question.ts";
import type { RangeFault } from "./activity-range.ts";
import { GroupedFigures, StepFigures } from "./activity-sinks.ts";
import { readActivity } from "./read-activity.ts";

/** More lines than that nobody tells apart. */
const GROUPS_MAX = 10;

export interface ActivitySeries {
  key: string;
  /** Absent of an outcome; null of what is left when the greatest groups are taken. */
  labels?: ActivityLabels | null;
  /** By step. */
  calls: readonly number[];
}

export interface SeriesActivity {
  answer: ActivityAnswer<StepFigures>;
  series: ActivitySeries[];
}

export async function readSeries(
  env: Env,
  org: Org,
  question: ActivityQuestion,
  isOver: () => boolean,
): Promise<SeriesActivity | RangeFault> {
  const { filter, by } = question;
  if (by === null) {
    const answer = await readActivity(
      env,
      org,
      question,
      (range) => new StepFigures(range),
      isOver,
    );
    if ("kind" in answer) return answer;
    return { answer, series: ofOutcomes(answer.sink, countedOutcomes(filter)) };
  }
  const sinkOf = (range: ActivityAnswer<never>["range"]) =>
    new GroupedFigures(range, countsReplays(filter));
  const answer = await readActivity(env, org, question, sinkOf, isOver);
  if ("kind" in answer) return answer;
  return { answer, series: await ofGroups(answer, by) };
}

function ofOutcomes(
  { steps }: StepFigures,
  isCounted: (outcome: number) => boolean,
): ActivitySeries[] {
  return OUTCOMES.flatMap((key, outcome) =>
    isCounted(outcome) ? [{ key, calls: steps.map(({ outcomes }) => outcomes[outcome]!) }] : [],
  );
}

async function ofGroups(
  { sink, labelsOf }: ActivityAnswer<GroupedFigures>,
  by: NonNullable<ActivityQuestion["by"]>,
): Promise<ActivitySeries[]> {
  const sums = [...sink.calls].map(([key, calls]) => [key, calls, sumOf(calls)] as const);
  // Of some groups nothing was wanted.
  const ordered = sums
    .filter(([, , sum]) => sum > 0)
    .sort(([a, , left], [b, , right]) => right - left || (isBefore(a, b) ? -1 : 1));
  const greatest = ordered.slice(0, GROUPS_MAX);
  const labels = await labelsOf(greatest.map(([key]) => key));
  const series: ActivitySeries[] = greatest.map(([, calls], index) => ({
    key: labels[index]![by] ?? OTHER,
    labels: labels[index]!,
    calls: [...calls],
  }));
  const rest = ordered.slice(GROUPS_MAX);
  if (rest.length === 0) return series;
  const others = sink.steps.map(() => 0);
  for (const [, calls] of rest) {
    for (let step = 0; step < others.length; step += 1) others[step]! += calls[step]!;
  }
  return [...series, { key: OTHER, labels: null, calls: others }];
}

function sumOf(calls: Float64Array): number {
  let sum = 0;
  for (let step = 0; step < calls.length; step += 1) sum += calls[step]!;
  return sum;
}

function isBefore(a: GroupKey, b: GroupKey): boolean {
  return a < b;
}
