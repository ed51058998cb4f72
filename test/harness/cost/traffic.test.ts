import { describe, expect, it } from "vitest";
import type { CallScenario } from "../../bench/cost/scenario.ts";
import { momentsOf } from "../../bench/cost/traffic.ts";

const scenario = (fields: Partial<CallScenario>): CallScenario => ({
  ...{ kind: "calls", callsPerSecond: 12, series: 1_000, reportSize: 500, minutes: 60 },
  ...fields,
});
const FROM_MS = 1_000_000;
const momentsBy = (does: string, fields: Partial<CallScenario>) =>
  momentsOf(scenario(fields), FROM_MS).filter((moment) => moment.does === does);

describe("An hour of traffic", () => {
  it.each([500, 10, 1])("has every call once, in reports of %i", (reportSize) => {
    const calls = momentsBy("report", { reportSize }).flatMap(({ callsMs }) => callsMs);
    expect(calls.length).toBe(43_200);
    expect(Math.min(...calls)).toBe(FROM_MS);
    expect(Math.max(...calls)).toBeLessThan(FROM_MS + 3_600_000);
  });

  it("has a scrape each 15 s and a tick each minute", () => {
    expect(momentsBy("scrape", {}).length).toBe(240);
    expect(momentsBy("tick", {}).map(({ atMs }) => (atMs - FROM_MS) / 60_000)).toEqual(
      Array.from({ length: 60 }, (_, index) => index + 1),
    );
  });

  it("has no report before its calls are there, and all in their order", () => {
    const moments = momentsOf(scenario({ reportSize: 10, minutes: 2 }), FROM_MS);
    expect(moments.every(({ atMs, callsMs }) => callsMs.every((ms) => ms < atMs))).toBe(true);
    const times = moments.map(({ atMs }) => atMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it("has a report of 500 each 42 s at 12 calls/s, from one instance after the other", () => {
    const full = momentsBy("report", {}).filter(({ callsMs }) => callsMs.length === 500);
    const gapsMs = full.slice(1).map(({ atMs }, index) => atMs - full[index]!.atMs);
    expect(Math.min(...gapsMs)).toBeGreaterThan(41_000);
    expect(Math.max(...gapsMs)).toBeLessThan(43_000);
    expect(full.slice(1, 5).map(({ instance }) => instance)).toEqual([0, 1, 2, 3]);
  });
});
