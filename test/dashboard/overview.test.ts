import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { callBars, callFigures } from "#dashboard/overview/call-figures.ts";
import { fleetFigures, troubledFirst } from "#dashboard/overview/fleet-figures.ts";
import { ledgerVerdict } from "#dashboard/overview/ledger-verdict.ts";
import { withOwnGateway } from "#dashboard/overview/own-gateway.ts";
import { quantileMs } from "#dashboard/overview/quantiles.ts";

const COVERED = {
  from: "2026-11-28T13:00:00.000Z",
  to: "2026-11-28T14:00:00.000Z",
  step_seconds: 1800,
  counted_until: "2026-11-28T14:00:00.000Z",
  partial: false,
};

describe("the overview's calls", () => {
  const steps = {
    ...COVERED,
    series: [
      { key: "ok", calls: [7, 2] },
      { key: "server_error", calls: [1, 0] },
      { key: "policy_denied", calls: [0, 2] },
      { key: "idempotent_replay", calls: [5, 5] },
    ],
  };

  it("are all but replays, and errors all that is not ok", () => {
    expect(callFigures(steps)).toEqual({ calls: 12, errors: 3, replays: 10, errorRatio: 0.25 });
  });

  it("have no ratio where there are none", () => {
    expect(callFigures({ ...COVERED, series: [] }).errorRatio).toBeNull();
  });

  it("are by step what they are in all", () => {
    expect(callBars(steps)).toEqual([
      { calls: 8, errors: 1 },
      { calls: 4, errors: 2 },
    ]);
  });
});

describe("a quantile of a range", () => {
  it("is null without calls", () => {
    expect(quantileMs([], 0.5)).toBeNull();
  });

  it("lies in the bucket of its rank", () => {
    const cells = fc.array(
      fc.tuple(
        fc.nat({ max: 59 }),
        fc.integer({ min: -40, max: 32 }),
        fc.integer({ min: 1, max: 50 }),
      ),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(cells, fc.double({ min: 0, max: 1, noNaN: true }), (given, quantile) => {
        const sorted = given
          .flatMap(([, bucket, calls]) => Array.from({ length: calls }, () => bucket))
          .sort((a, b) => a - b);
        const bucket = sorted[Math.max(1, Math.ceil(quantile * sorted.length)) - 1]!;
        const seconds = quantileMs(given, quantile)! / 1000;
        expect(seconds).toBeGreaterThan(2 ** (bucket / 2) * 0.999_999);
        expect(seconds).toBeLessThan(2 ** ((bucket + 1) / 2) * 1.000_001);
      }),
    );
  });
});

describe("the overview's fleet", () => {
  const row = (
    id: string,
    state: "online" | "stale" | "departed",
    lag: number | null,
    lost = 0,
  ) => ({
    id,
    state,
    first_report: null,
    last_report: COVERED.to,
    dropped: lost,
    missing_reports: lost,
    gaps: [],
    lag_p95_ms: lag,
  });
  const rows = [
    row("a", "online", 5),
    row("b", "departed", null),
    row("c", "stale", 9),
    row("d", "online", 5, 2),
  ];

  it("puts first what wants looking after", () => {
    expect(troubledFirst(rows).map(({ id }) => id)).toEqual(["c", "b", "d", "a"]);
  });

  it("has the slowest instance's lag, and none where no instance has one", () => {
    expect(fleetFigures(rows)).toMatchObject({ online: 2, stale: 1, departed: 1, lagP95Ms: 9 });
    expect(fleetFigures([]).lagP95Ms).toBeNull();
  });
});

describe("the verdict on a log", () => {
  const nowMs = Date.parse(COVERED.to);
  const status = {
    log: 1,
    tree_size: 10,
    checkpoint: { size: 8, signed_at: "2026-11-28T13:59:30.000Z" },
    unsigned_entries: 2,
    unsigned_since: "2026-11-28T13:59:40.000Z",
    frozen: false,
    frozen_reason: null,
    misconfigured: null,
    scrub: { last_full_pass: null },
  };

  it.each([
    ["signed", { unsigned_entries: 0, unsigned_since: null }, "good"],
    ["about to be signed", {}, "good"],
    ["about to be signed for the first time", { checkpoint: null }, "good"],
    ["quiet until a moment ago", { checkpoint: { size: 8, signed_at: COVERED.from } }, "good"],
    ["long unsigned", { unsigned_since: COVERED.from }, "warn"],
    ["unsigned, nobody knows how long", { unsigned_since: null }, "warn"],
    ["never signed", { checkpoint: null, unsigned_since: COVERED.from }, "warn"],
    ["frozen", { frozen: true, frozen_reason: "rolled back", unsigned_entries: 0 }, "bad"],
    ["without its seed", { misconfigured: "MCPG_LEDGER_SEED" }, "bad"],
    ["empty", { tree_size: 0, unsigned_entries: 0, checkpoint: null }, "none"],
  ])("that is %s is %o", (_name, changes, tone) => {
    expect(ledgerVerdict({ ...status, ...changes }, nowMs).tone).toBe(tone);
  });
});

it("the service's own gateway is online while it reports, though each report says goodbye", () => {
  const nowMs = Date.UTC(2026, 10, 28);
  const row = { state: "departed" as const, dropped: 0, missing_reports: 0, gaps: [] };
  const ago = (id: string, ms: number) => ({
    ...{ ...row, id, first_report: null, last_report: new Date(nowMs - ms).toISOString() },
  });
  const rows = [ago("gateway", 5_000), ago("gateway", 95_000), ago("gw-1", 5_000)];
  const states = withOwnGateway(rows, nowMs).map(({ state }) => state);
  expect(states).toEqual(["online", "departed", "departed"]);
});
