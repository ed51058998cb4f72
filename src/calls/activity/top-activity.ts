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
  const figuresOf = (figures: CellFigures) => ({
    calls: figures.calls(withReplays),
    errors: figures.errors,
    p95Ms: figures.latencies.quantileMs(0.95),
  });
  const rankOf = RANKS[metric];
  const ranked = [...answer.sink.groups]
    .map(([key, cells]) => ({ key, figures: figuresOf(cells) }))
    .filter(({ figures }) => (rankOf(figures) ?? 0) > 0)
    .sort((a, b) => rankOf(b.figures)! - rankOf(a.figures)! || (a.key < b.key ? -1 : 1))
    .slice(0, limit);
  const labels = await answer.labelsOf(ranked.map(({ key }) => key));
  return {
    answer,
    total: figuresOf(answer.sink.total),
    rows: ranked.map(({ figures }, index) => ({ labels: labels[index]!, ...figures })),
  };
}

const RANKS: Record<TopMetric, (figures: Omit<TopRow, "labels">) => number | null> = {
  calls: ({ calls }) => calls,
  errors: ({ errors }) => errors,
  p95: ({ p95Ms }) => p95Ms,
};
