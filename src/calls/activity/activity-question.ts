/** What is asked of activity, and what takes the answer while it is read. */
import type { CallFilter } from "#calls/call-filter.ts";
import type { ActivityRange, AskedSteps } from "./activity-range.ts";

/** Each grouping with the labels that tell one of its groups from another. */
export const GROUPINGS = {
  workspace: ["workspace"],
  plugin: ["workspace", "plugin"],
  tool: ["workspace", "plugin", "tool"],
} as const;

export type Grouping = keyof typeof GROUPINGS;
export type ActivityLabel = (typeof GROUPINGS)["tool"][number];
export type ActivityLabels = Partial<Record<ActivityLabel, string>>;

export interface ActivityQuestion {
  asked: AskedSteps;
  /** Its times are those of `asked`. */
  filter: Omit<CallFilter, "fromMs" | "toMs">;
  /** Null: all calls are one group. */
  by: Grouping | null;
}

/** A group's labels as JSON, or its series: the labels of what nobody will look at are not read. */
export type GroupKey = string | number;

/** So many calls of a cell (activity-cells.ts). */
export interface CellSink {
  add(cell: number, count: number): void;
}

/** Keeps of activity no more than its answer is made of. */
export interface ActivitySink {
  /** What the cells of a group in a step are added to, until it is asked for the next. */
  of(step: number, key: GroupKey): CellSink;
}

export interface ActivityAnswer<Sink> {
  range: ActivityRange;
  sink: Sink;
  source: "minutes" | "quarter_hours" | "samples";
  /** The oldest arrival that is not counted in it, or when it was read. */
  countedUntilMs: number;
  /** Calls that started before it are not counted; null where all are. */
  scannedToMs: number | null;
  labelsOf(keys: readonly GroupKey[]): Promise<ActivityLabels[]>;
}
