import { describe, expect, it } from "vitest";
import type { LagRange } from "#calls/lag/lag-range.ts";
import { LagSeries } from "#calls/lag/lag-series.ts";

const RANGE: LagRange = { fromMs: 0, toMs: 120_000, stepMs: 60_000 };
const SECOND_US = 1_000_000;

/** Each as late as its number, one of two calls of them ahead of its end. */
function seriesOf(instances: readonly string[]): LagSeries {
  const series = new LagSeries(RANGE);
  for (const [at, instance] of instances.entries()) {
    series.at(instance, 60_000).addLagUs((at + 1) * 60 * SECOND_US);
    series.at(instance, 119_999).addLagUs(-1);
  }
  return series;
}

const names = (count: number) => Array.from({ length: count }, (_, at) => `gw-${at}`);

describe("lag by instance", () => {
  it("is told of fifty, the slowest first, each in its step", () => {
    const told = seriesOf(names(50)).slowestFirst();
    expect(told.map(({ instance }) => instance).sort()).toEqual(names(50).sort());
    const lags = told.map(({ steps }) => steps[1]?.quantileMs(0.95) ?? 0);
    expect(lags).toEqual(lags.toSorted((a, b) => b - a));
    expect(lags[0]).toBeGreaterThan(2_000_000);
    for (const { steps } of told) {
      expect(steps[0]).toBeNull();
      expect([steps[1]?.calls, steps[1]?.ahead]).toEqual([2, 1]);
    }
  });

  it("past fifty has the rest as one, and leaves no call out", () => {
    const told = seriesOf(names(60)).slowestFirst();
    expect(told).toHaveLength(50);
    const { instance, steps } = told.at(-1)!;
    expect(instance).toBe("__other__");
    expect([steps[0], steps[1]?.calls, steps[1]?.ahead]).toEqual([null, 22, 11]);
  });

  it("has one of all the others, though the slowest is called so", () => {
    const told = seriesOf([...names(60), "__other__"]).slowestFirst();
    const others = told.filter(({ instance }) => instance === "__other__");
    expect(others.map(({ steps }) => steps[1]?.calls)).toEqual([26]);
    expect(told.reduce((sum, { steps }) => sum + (steps[1]?.calls ?? 0), 0)).toBe(122);
  });
});
