/** Lag by instance and step, as it is read: sums, and the instances that are shown. */
import { OTHER } from "#calls/series.ts";
import { type LagRange, stepsIn } from "./lag-range.ts";
import { LagTally } from "./lag-tally.ts";

/** An answer of 240 steps then has 50,000 numbers. */
const INSTANCES_SHOWN_MAX = 50;

export interface InstanceLag {
  instance: string;
  steps: readonly (LagTally | null)[];
}

export class LagSeries {
  readonly #range: LagRange;
  readonly #instances = new Map<string, (LagTally | null)[]>();

  constructor(range: LagRange) {
    this.#range = range;
  }

  /** The sum of the step in which that time lies. */
  at(instance: string, ms: number): LagTally {
    const step = Math.floor((ms - this.#range.fromMs) / this.#range.stepMs);
    let steps = this.#instances.get(instance);
    if (steps === undefined) {
      steps = Array.from({ length: stepsIn(this.#range) }, () => null);
      this.#instances.set(instance, steps);
    }
    steps[step] ??= new LagTally();
    return steps[step];
  }

  /** The slowest first; past 50 they are one, `__other__`, so that nothing is left out of the sums. */
  slowestFirst(): InstanceLag[] {
    const all = [...this.#instances].map(([instance, steps]) => ({ instance, steps }));
    const slowness = new Map(all.map(({ instance, steps }) => [instance, p95Of(steps)]));
    const of = ({ instance }: InstanceLag) => slowness.get(instance) ?? 0;
    all.sort((a, b) => of(b) - of(a) || (a.instance < b.instance ? -1 : 1));
    if (all.length <= INSTANCES_SHOWN_MAX) return all;
    const shown = all
      .slice(0, INSTANCES_SHOWN_MAX - 1)
      .filter(({ instance }) => instance !== OTHER);
    const rest = all.filter((each) => !shown.includes(each));
    return [...shown, { instance: OTHER, steps: summed(rest) }];
  }
}

function p95Of(steps: readonly (LagTally | null)[]): number {
  const sum = new LagTally();
  for (const step of steps) if (step !== null) sum.merge(step);
  return sum.quantileMs(0.95) ?? 0;
}

function summed(instances: readonly InstanceLag[]): (LagTally | null)[] {
  const length = instances[0]?.steps.length ?? 0;
  return Array.from({ length }, (_, step) => {
    const tallies = instances.flatMap(({ steps }) => steps[step] ?? []);
    if (tallies.length === 0) return null;
    const sum = new LagTally();
    for (const tally of tallies) sum.merge(tally);
    return sum;
  });
}
