import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cellOf } from "#calls/activity/activity-cells.ts";
import { buildArrival, parseArrival } from "#calls/arrival.ts";
import type { Call } from "#calls/call.ts";
import { FoldDelta, Tally } from "#calls/fold-delta.ts";
import { OUTCOMES, outcomeIndex, REPLAY } from "#calls/outcome.ts";
import { regroupedArrivals, strippedArrival } from "#calls/regrouped-arrivals.ts";
import { bucketIndex } from "#formats/exponential-histogram.ts";

const NOW_MS = 1_795_334_400_000;
const HOUR_MS = 3_600_000;
const HEADER = {
  instance: "gw",
  epochMs: 1,
  seq: 2,
  dropped: 3,
  isFinal: true,
  receivedAtMs: NOW_MS,
};

const invocations = fc.array(
  fc
    .record({
      tool: fc.constantFrom("a", "b", "c"),
      workspace: fc.constantFrom("x", "y"),
      durationUs: fc.integer({ min: 0, max: 86_400_000_000 }),
      ageMs: fc.integer({ min: 0, max: 24 * HOUR_MS }),
      outcome: fc.constantFrom(...OUTCOMES),
    })
    .map(
      ({ ageMs, ...call }, index?: number): Call => ({
        ...call,
        id: `id-${index}`,
        plugin: "p",
        startedAtMs: NOW_MS - ageMs,
        outcomeIndex: outcomeIndex(call.outcome),
        bucket: bucketIndex(call.durationUs),
        actor: null,
        traceId: null,
        spanId: null,
        sessionId: null,
        requestId: null,
        requestBytes: null,
        responseBytes: null,
        errorCode: null,
        errorHash: null,
        errorFingerprint: null,
        parentSpanId: null,
        span: null,
      }),
    ),
  { maxLength: 60 },
);

/** What the fold makes of the calls, stored and read back, in `parts` reports. */
function folded(calls: readonly Call[], parts: number): FoldDelta {
  const delta = new FoldDelta(NOW_MS);
  const size = Math.ceil(calls.length / parts) || 1;
  for (let start = 0; start < calls.length; start += size) {
    const payload = JSON.stringify(buildArrival(HEADER, calls.slice(start, start + size)));
    delta.add(parseArrival(payload), NOW_MS);
  }
  return delta;
}

const hourOf = ({ startedAtMs }: Call) => Math.floor(startedAtMs / HOUR_MS);

function isSameTally(a: Call, b: Call): boolean {
  return a.tool === b.tool && a.workspace === b.workspace && hourOf(a) === hourOf(b);
}

/** What the fold holds of the call's series and hour. */
function tallied(delta: FoldDelta, { workspace, tool, ...call }: Call) {
  const tally = delta.series
    .get(`${workspace}\0p\0${tool}`)
    ?.hours.get(Math.floor(call.startedAtMs / HOUR_MS));
  const { outcomes, buckets, sumUs, minUs, maxUs } = tally ?? new Tally();
  return { outcomes, buckets: new Map(buckets), sumUs, minUs, maxUs };
}

/** The same, counted call by call. */
function counted(calls: readonly Call[]) {
  const timed = calls.filter(({ outcomeIndex }) => outcomeIndex !== REPLAY);
  const durations = timed.map(({ durationUs }) => durationUs);
  const indexes = timed.map(({ bucket }) => bucket);
  return {
    outcomes: OUTCOMES.map((name) => calls.filter(({ outcome }) => outcome === name).length),
    buckets: new Map(indexes.map((index) => [index, indexes.filter((i) => i === index).length])),
    sumUs: durations.reduce((sum, us) => sum + us, 0),
    minUs: durations.length ? Math.min(...durations) : null,
    maxUs: durations.length ? Math.max(...durations) : null,
  };
}

/** The same figures by series name, however they are spread over arrivals. */
function figures(delta: FoldDelta) {
  return [...delta.series]
    .map(([name, series]) => ({
      name,
      hours: new Map([...series.hours].sort(([a], [b]) => a - b)),
      minutes: new Map([...series.minutes].sort(([a], [b]) => a - b)),
      exemplarBuckets: [...series.exemplars.keys()].sort(),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

describe("regrouped arrivals", () => {
  it("count the same as the arrivals that they replace, each series in one of them", () => {
    fc.assert(
      fc.property(fc.array(invocations, { minLength: 1, maxLength: 5 }), (reports) => {
        const arrivals = reports.map((calls) => buildArrival(HEADER, calls));
        const stored = JSON.stringify(arrivals);
        const [before, after] = [new FoldDelta(NOW_MS), new FoldDelta(NOW_MS)];
        for (const arrival of JSON.parse(stored)) before.add(arrival, NOW_MS);
        const regrouped = regroupedArrivals(JSON.parse(stored), 2);
        for (const arrival of JSON.parse(stored)) after.add(strippedArrival(arrival), NOW_MS);
        for (const arrival of regrouped) after.add(parseArrival(JSON.stringify(arrival)), NOW_MS);
        expect(figures(after)).toEqual(figures(before));
        expect(after.instances).toEqual(before.instances);
        const names = regrouped.flatMap((arrival) => arrival[4].map((name) => name.join()));
        expect(new Set(names).size).toBe(names.length);
      }),
    );
  });

  it("leave those that they replace as they were, and so are the same when they are made again", () => {
    fc.assert(
      fc.property(fc.array(invocations, { minLength: 1, maxLength: 5 }), (reports) => {
        const reported = reports.map((calls) => buildArrival(HEADER, calls));
        const arrivals = [...reported, ...regroupedArrivals(reported, 2)];
        const stored = JSON.stringify(arrivals);
        const regrouped = JSON.stringify(regroupedArrivals(arrivals, 2));
        expect(JSON.stringify(arrivals)).toBe(stored);
        expect(JSON.stringify(regroupedArrivals(arrivals, 2))).toBe(regrouped);
      }),
    );
  });
});

describe("an arrival", () => {
  it("holds every call's outcome, hour, bucket, sum and extremes, however calls are grouped", () => {
    fc.assert(
      fc.property(invocations, fc.integer({ min: 1, max: 5 }), (calls, parts) => {
        const delta = folded(calls, parts);
        for (const call of calls) {
          const same = calls.filter((other) => isSameTally(call, other));
          expect(tallied(delta, call)).toEqual(counted(same));
        }
      }),
    );
  });

  it("holds every call's minute, outcome and half-octave, replays included", () => {
    fc.assert(
      fc.property(invocations, fc.integer({ min: 1, max: 5 }), (calls, parts) => {
        const delta = folded(calls, parts);
        const places = ({ workspace, tool, startedAtMs, outcomeIndex: outcome, bucket }: Call) =>
          [
            `${workspace}\0p\0${tool}`,
            Math.floor(startedAtMs / 60_000),
            cellOf(outcome, bucket),
          ] as const;
        for (const call of calls) {
          const [series, minute, cell] = places(call);
          const same = calls.filter((other) => places(other).join() === places(call).join());
          expect(delta.series.get(series)?.minutes.get(minute)?.get(cell)).toBe(same.length);
        }
        expect(delta.activityFromMs).toBe(0);
      }),
    );
  });

  it("counts the lag of every call, replays included", () => {
    fc.assert(
      fc.property(invocations, (calls) => {
        const lags = folded(calls, 2).instances.get("gw")?.lagBuckets.values() ?? [];
        expect([...lags].reduce((sum, count) => sum + count, 0)).toBe(calls.length);
      }),
    );
  });
});
