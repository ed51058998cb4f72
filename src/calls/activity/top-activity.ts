/** The groups that have most of something, over the whole of a time range. */
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { countsReplays } from "./activity-filter.ts";
import type { ActivityAnswer, ActivityLabels, ActivityQuestion } from "./activity-question.ts";
import type { RangeFault } from "./activity-range.ts";
import { type CellFigures, TopFigures } from "./activity-sinks.ts";
import { readActivity } from "./read-activity.ts";

export const TOP_METRICS = ["calls", "errors", "p95"] as const;
export type TopMetric = (typeof TOP_METRICS)[number];

export interface TopRow {
  labels: ActivityLabels;
  calls: number;
  errors: number;
  p95Ms: number | null;
}

export interface TopActivity {
  answer: ActivityAnswer<TopFigures>;
  total: { calls: number; errors: number };
  rows: TopRow[];
}

export async function readTop(
  env: Env,
  org: Org,
  question: ActivityQuestion & { by: NonNullable<ActivityQuestion["by"]> },
  { metric, limit }: { metric: TopMetric; limit: number },
  isOver: () => boolean,
): Promise<TopActivity | RangeFault> {
  const answer = await readActivity(env, org, question, () => new TopFigures(), isOver);
  if ("kind" in answer) return answer;
  const withReplays = countsReplays(question.filter);
  const rankOf = (figures: CellFigures) => RANKS[metric](figures, withReplays);
  const groups = [...answer.sink.groups];
  const ranked = groups
    .map(([key, figures]) => ({ key, figures, rank: rankOf(figures) }))
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => b.rank - a.rank || (a.key < b.key ? -1 : 1))
    .slice(0, limit);
  const labels = await answer.labelsOf(ranked.map(({ key }) => key));
  const sum = (of: (figures: CellFigures) => number) =>
    groups.reduce((total, [, figures]) => total + of(figures), 0);
  return {
    answer,
    total: {
      calls: sum((figures) => figures.calls(withReplays)),
      errors: sum(({ errors }) => errors),
    },
    rows: ranked.map(({ figures }, index) => ({
      labels: labels[index]!,
      calls: figures.calls(withReplays),
      errors: figures.errors,
      p95Ms: figures.latencies.quantileMs(0.95),
    })),
  };
}

const RANKS: Record<TopMetric, (figures: CellFigures, withReplays: boolean) => number> = {
  calls: (figures, withReplays) => figures.calls(withReplays),
  errors: ({ errors }) => errors,
  p95: ({ latencies }) => latencies.quantileMs(0.95) ?? 0,
};
