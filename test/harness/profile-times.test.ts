import { describe, expect, it } from "vitest";
import { type CpuProfile, selfTimes } from "./profile-times.ts";

const INTERVAL_US = 200;

/** Samples of functions by name, each with the time since the one before. */
function profileOf(
  samples: readonly [name: string, deltaUs: number][],
  { afterUs = 0 } = {},
): CpuProfile {
  const names = [...new Set(samples.map(([name]) => name))];
  const sumUs = samples.reduce((sum, [, deltaUs]) => sum + deltaUs, 0);
  return {
    nodes: names.map((functionName, id) => ({
      id,
      callFrame: { functionName, url: "", lineNumber: 0 },
    })),
    ...{ startTime: 5_000_000, endTime: 5_000_000 + sumUs + afterUs },
    samples: samples.map(([name]) => names.indexOf(name)),
    timeDeltas: samples.map(([, deltaUs]) => deltaUs),
  };
}

const selfUs = (profile: CpuProfile) =>
  Object.fromEntries(
    [...selfTimes(profile, INTERVAL_US)].map(([name, ms]) => [name, Math.round(ms * 1e3)]),
  );

describe("Self times of a profile", () => {
  it("count a sample until the next one, and the last until the profile's end", () => {
    const profile = profileOf(
      [
        ["a", 90],
        ["b", 210],
        ["a", 190],
      ],
      { afterUs: 150 },
    );
    expect(selfUs(profile)).toEqual({ "a :1": 360, "b :1": 190 });
  });

  it("book the time of another isolate on no function, neither before nor after", () => {
    const profile = profileOf(
      [
        ["before", 200],
        ["before", 200],
        ["after", 250_000],
        ["after", 200],
      ],
      { afterUs: 200 },
    );
    expect(selfUs(profile)).toEqual({ "before :1": 800, "after :1": 400 });
  });

  it("book nothing of a wait before the first sample or behind the last", () => {
    const profile = profileOf([["only", 1_000_000]], { afterUs: 1_000_000 });
    expect(selfUs(profile)).toEqual({ "only :1": 600 });
  });

  it("keep a sample that is late by an interval whole", () => {
    const profile = profileOf([
      ["a", 200],
      ["b", 410],
    ]);
    expect(selfUs(profile)["a :1"]).toBe(410);
  });

  it("take no time off for samples that are out of order", () => {
    const profile = profileOf([
      ["a", 200],
      ["b", -50],
    ]);
    expect(selfUs(profile)["a :1"]).toBe(0);
  });
});
