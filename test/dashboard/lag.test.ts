import { describe, expect, it } from "vitest";
import type { InstanceLag, LagAnswer } from "#dashboard/lag/lag-answer.ts";
import { lagVerdict } from "#dashboard/lag/lag-verdict.ts";
import { silentLags } from "#dashboard/lag/silent-lags.ts";
import { heardOf, stepState } from "#dashboard/lag/step-state.ts";

const FROM_MS = Date.UTC(2026, 10, 28, 13);
const at = (minute: number) => new Date(FROM_MS + minute * 60_000).toISOString();
const ANSWER: LagAnswer = {
  from: at(0),
  to: at(10),
  step_seconds: 60,
  counted_until: at(8),
  partial: false,
  series: [],
};

function lag(p95: (number | null)[], p50: (number | null)[] = p95, ahead = 0): InstanceLag {
  const calls = p95.map((ms) => (ms === null ? 0 : 10));
  return { instance: "gw", calls, p50_ms: p50, p95_ms: p95, ahead: calls.map(() => ahead) };
}

describe("an instance's lag", () => {
  it.each([
    ["quick", lag([400, 900, 300]), "in_time"],
    ["late of late", lag([400, 12_000]), "held_up"],
    ["late, and then no calls", lag([400, 12_000, null]), "held_up"],
    ["late once", lag([400, 60_000, 500]), "was_held_up"],
    ["before the end", lag([0, 0, 0], [0, 0, 0], 1), "clock_ahead"],
    [
      "late by the same always",
      lag([31e3, 30.5e3, 31e3, 30.8e3, 31e3], [30e3, 30e3, 30e3, 30e3, 30e3]),
      "clock_behind",
    ],
    [
      "late by much, now more now less",
      lag([90e3, 31e3, 60e3, 32e3, 45e3], [30e3, 30e3, 40e3, 30e3, 30e3]),
      "held_up",
    ],
    ["no calls", lag([null, null]), "no_calls"],
  ])("%s looks like %o", (_name, given, kind) => {
    expect(lagVerdict(given).kind).toBe(kind);
  });
});

describe("a step without calls", () => {
  const state = (step: number, lastReportMs: number | null, answer = ANSWER) =>
    stepState(answer, step, {
      ...{ calls: 0, firstReportMs: FROM_MS + 90_000 },
      ...{ lastReportMs, lostSinceMs: null },
    });

  it("had none where the instance reported later", () => {
    expect(state(3, FROM_MS + 5 * 60_000)).toBe("none");
  });

  it("is before the instance's first report, where it has not reported until it ended", () => {
    expect([0, 1, 2].map((step) => state(step, FROM_MS + 5 * 60_000))).toEqual([
      "before_first",
      "none",
      "none",
    ]);
    const heard = { firstReportMs: null, lastReportMs: FROM_MS, lostSinceMs: null };
    expect(stepState(ANSWER, 0, { calls: 0, ...heard })).toBe("none");
    expect(stepState(ANSWER, 0, { calls: 1, ...heard, firstReportMs: FROM_MS + 1e9 })).toBe(
      "calls",
    );
  });

  it("has no report where the instance has been silent since, or is forgotten", () => {
    expect(state(6, FROM_MS + 5 * 60_000)).toBe("no_report");
    expect(state(3, null)).toBe("no_report");
  });

  it("may have had some where a report of that start never came, by its number", () => {
    const row = {
      ...{ id: "gw", state: "online" as const, first_report: null, last_report: at(9) },
      ...{ dropped: 0, missing_reports: 2 },
      gaps: [{ epoch: at(4), from_seq: 3, to_seq: 4 }],
    } as const;
    const told = [2, 3, 4, 6].map((step) => stepState(ANSWER, step, { calls: 0, ...heardOf(row) }));
    expect(told).toEqual(["none", "none", "maybe_lost", "maybe_lost"]);
    const unnumbered = heardOf({ ...row, gaps: [{ epoch: null, from_seq: 3, to_seq: 4 }] });
    expect(stepState(ANSWER, 2, { calls: 0, ...unnumbered })).toBe("maybe_lost");
  });

  it("is not counted yet where counting has not come so far", () => {
    expect(state(8, FROM_MS + 9 * 60_000)).toBe("not_yet");
  });

  it("was not looked at where a scan broke off", () => {
    const partial = { ...ANSWER, partial: true, scanned_to: at(4) };
    expect(state(3, FROM_MS + 9 * 60_000, partial)).toBe("not_looked_at");
  });
});

it("an instance that reported no call is told among those that did", () => {
  const row = {
    state: "online",
    first_report: null,
    dropped: 0,
    missing_reports: 0,
    gaps: [],
  } as const;
  const rows = [
    { ...row, id: "idle", last_report: at(9) },
    { ...row, id: "gone", last_report: at(-60) },
  ];
  const silent = silentLags(ANSWER, rows);
  expect(silent.map(({ instance }) => instance)).toEqual(["idle"]);
  expect(silent[0]!.calls).toHaveLength(10);
});
