/** What becomes of activity while it is read. */
import { OK, OUTCOMES, REPLAY } from "#calls/outcome.ts";
import { halfOctaveOfCell, outcomeOfCell } from "./activity-cells.ts";
import type { ActivitySink, GroupKey } from "./activity-question.ts";
import { type ActivityRange, stepsOf } from "./activity-range.ts";
import { Latencies } from "./latencies.ts";

/** Counts by outcome, and the latency of calls, which replays have none of. */
export class CellFigures {
  /** In the order of OUTCOMES. */
  readonly outcomes: number[] = OUTCOMES.map(() => 0);
  readonly latencies = new Latencies();

  add(cell: number, count: number): void {
    const outcome = outcomeOfCell(cell);
    this.outcomes[outcome]! += count;
    if (outcome !== REPLAY) this.latencies.add(halfOctaveOfCell(cell), count);
  }

  calls(withReplays: boolean): number {
    const all = this.outcomes.reduce((sum, count) => sum + count, 0);
    return withReplays ? all : all - this.outcomes[REPLAY]!;
  }

  get errors(): number {
    return this.calls(false) - this.outcomes[OK]!;
  }
}

/** All that matches, by step. */
export class StepFigures implements ActivitySink {
  readonly steps: readonly CellFigures[];

  constructor(range: ActivityRange) {
    this.steps = Array.from({ length: stepsOf(range) }, () => new CellFigures());
  }

  add(step: number, _key: GroupKey, cell: number, count: number): void {
    this.steps[step]!.add(cell, count);
  }
}

/** Calls of each group by step, and besides what StepFigures has. */
export class GroupedFigures extends StepFigures {
  readonly calls = new Map<GroupKey, Float64Array>();
  readonly #withReplays: boolean;

  constructor(range: ActivityRange, withReplays: boolean) {
    super(range);
    this.#withReplays = withReplays;
  }

  override add(step: number, key: GroupKey, cell: number, count: number): void {
    super.add(step, key, cell, count);
    if (!this.#withReplays && outcomeOfCell(cell) === REPLAY) return;
    let calls = this.calls.get(key);
    if (calls === undefined) {
      calls = new Float64Array(this.steps.length);
      this.calls.set(key, calls);
    }
    calls[step]! += count;
  }
}

/** Each group over all steps, and all of them. */
export class TopFigures implements ActivitySink {
  readonly total = new CellFigures();
  readonly groups = new Map<GroupKey, CellFigures>();

  add(_step: number, key: GroupKey, cell: number, count: number): void {
    this.total.add(cell, count);
    let figures = this.groups.get(key);
    if (figures === undefined) {
      figures = new CellFigures();
      this.groups.set(key, figures);
    }
    figures.add(cell, count);
  }
}

/** Calls by step and half-octave. */
export class HeatMap implements ActivitySink {
  readonly columns: readonly Latencies[];
  readonly #withReplays: boolean;

  constructor(range: ActivityRange, withReplays: boolean) {
    this.columns = Array.from({ length: stepsOf(range) }, () => new Latencies());
    this.#withReplays = withReplays;
  }

  add(step: number, _key: GroupKey, cell: number, count: number): void {
    if (!this.#withReplays && outcomeOfCell(cell) === REPLAY) return;
    this.columns[step]!.add(halfOctaveOfCell(cell), count);
  }
}
