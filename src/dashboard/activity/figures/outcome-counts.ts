import type { ActivityAnswer } from "#dashboard/activity/answers.ts";
import type { OutcomeColumns } from "#dashboard/charts/outcome-columns.ts";
import { type CallOutcome, OUTCOMES } from "#dashboard/parts/outcomes.ts";

export function outcomeColumns({ series }: ActivityAnswer): OutcomeColumns {
  const of = (outcome: CallOutcome) => series.find(({ key }) => key === outcome)?.calls ?? [];
  const columns = OUTCOMES.map((outcome) => [outcome, of(outcome)]);
  return Object.fromEntries(columns) as Record<CallOutcome, readonly number[]>;
}

export function sumOf(counts: OutcomeColumns, outcomes: readonly CallOutcome[]): number {
  return outcomes.reduce(
    (sum, outcome) => sum + counts[outcome].reduce((total, calls) => total + calls, 0),
    0,
  );
}

export function sumAt(
  counts: OutcomeColumns,
  column: number,
  outcomes: readonly CallOutcome[],
): number {
  return outcomes.reduce((sum, outcome) => sum + (counts[outcome][column] ?? 0), 0);
}
