import type { CallOutcome } from "#dashboard/parts/outcomes.ts";

/** Calls of each column. */
export type OutcomeColumns = Readonly<Record<CallOutcome, readonly number[]>>;
