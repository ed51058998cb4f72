/** What becomes of activity while it is read. */
import { OK, OUTCOMES, REPLAY } from "#calls/outcome.ts";
import { halfOctaveOfCell, outcomeOfCell } from "./activity-cells.ts";
import type { ActivitySink, CellSink, GroupKey } from "./activity-question.ts";
import { type ActivityRange, stepsOf } from "./activity-range.ts";
import { Latencies } from "./latencies.ts";

/** Counts by outcome, and the latency of calls, which replays have none of. */
export class CellFigures implements CellSink {
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

  of(step: number, _key: GroupKey): CellSink {
    return this.steps[step]!;
  }
}

/** Calls of each group by step, and besides what StepFigures has. */
export class GroupedFigures extends StepFigures {
  readonly calls = new Map<GroupKey, Float64Array>();
  readonly #ofGroup: GroupStep;

  constructor(range: ActivityRange, withReplays: boolean) {
    super(range);
    this.#ofGroup = new GroupStep(withReplays);
  }

  override of(step: number, key: GroupKey): CellSink {
    this.#ofGroup.step = step;
    this.#ofGroup.figures = this.steps[step]!;
    this.#ofGroup.calls = this.#callsOf(key);
    return this.#ofGroup;
  }

  #callsOf(key: GroupKey): Float64Array {
    let calls = this.calls.get(key);
    if (calls === undefined) {
      calls = new Float64Array(this.steps.length);
      this.calls.set(key, calls);
    }
    return calls;
  }
}

/** One for all groups and steps: there are a million of these in an answer. */
class GroupStep implements CellSink {
  step = 0;
  figures = new CellFigures();
  calls: Float64Array = new Float64Array(1);
  readonly #withReplays: boolean;

  constructor(withReplays: boolean) {
    this.#withReplays = withReplays;
  }

  add(cell: number, count: number): void {
    this.figures.add(cell, count);
    if (this.#withReplays || outcomeOfCell(cell) !== REPLAY) this.calls[this.step]! += count;
  }
}

/** Each group over all steps. */
export class TopFigures implements ActivitySink {
  readonly groups = new Map<GroupKey, CellFigures>();

  of(_step: number, key: GroupKey): CellSink {
    let figures = this.groups.get(key);
    if (figures === undefined) {
      figures = new CellFigures();
      this.groups.set(key, figures);
    }
    return figures;
  }
}

/** Calls by step and half-octave. */
export class HeatMap implements ActivitySink {
  readonly columns: readonly Latencies[];
  readonly #sinks: readonly CellSink[];

  constructor(range: ActivityRange, withReplays: boolean) {
    this.columns = Array.from({ length: stepsOf(range) }, () => new Latencies());
    this.#sinks = this.columns.map((latencies) => ({
      add(cell, count) {
        if (!withReplays && outcomeOfCell(cell) === REPLAY) return;
        latencies.add(halfOctaveOfCell(cell), count);
      },
    }));
  }

  of(step: number, _key: GroupKey): CellSink {
    return this.#sinks[step]!;
  }
}
