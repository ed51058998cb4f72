import { describe, expect, it } from "vitest";
import { CALL_PARAMETERS } from "#calls/http/call-parameters.ts";
import { FILTER_NAMES } from "#dashboard/activity/activity-question.ts";
import { type ActivityHead, coveredTimes } from "#dashboard/activity/answers.ts";
import { countNew } from "#dashboard/activity/calls/count-new.ts";
import { outcomeColumns, sumAt, sumOf } from "#dashboard/activity/figures/outcome-counts.ts";
import { wholeMinutes } from "#dashboard/activity/whole-minutes.ts";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import { alikeQuery } from "#dashboard/call/alike-query.ts";
import { CALL_FILTERS } from "#dashboard/call/filter-neighbours.ts";
import { OUTCOMES } from "#dashboard/parts/outcomes.ts";
import { parseAddress } from "#dashboard/place/address.ts";

const FROM_MS = Date.UTC(2026, 10, 28, 12);
const MINUTE_MS = 60_000;
const TIMES = { fromMs: FROM_MS, toMs: FROM_MS + 60 * MINUTE_MS };

const HEAD: ActivityHead = {
  from: "2026-11-28T12:00:00.000Z",
  to: "2026-11-28T13:00:00.000Z",
  step_seconds: 60,
  counted_until: "2026-11-28T13:00:00.000Z",
  source: "samples",
  partial: false,
};

describe("what an answer covers", () => {
  it("begins where a scan broke off, and else at its beginning", () => {
    const scanned_to = "2026-11-28T12:30:00.000Z";
    expect(coveredTimes(HEAD)).toEqual(TIMES);
    expect(coveredTimes({ ...HEAD, partial: true, scanned_to })).toEqual({
      ...TIMES,
      fromMs: FROM_MS + 30 * MINUTE_MS,
    });
  });
});

describe("the times of a page", () => {
  const of = (search: string) => wholeMinutes(parseAddress("/", search).query, FROM_MS + 61_001);

  it("end after now and begin no later than asked, in whole minutes", () => {
    const toMs = FROM_MS + 2 * MINUTE_MS;
    expect(of("?last=15m")).toEqual({ fromMs: FROM_MS - 14 * MINUTE_MS, toMs });
    expect(of("?from=2026-11-28T11:59:59.999Z")).toEqual({ fromMs: FROM_MS - 1, toMs });
  });

  it("are those of a fixed range, to the millisecond", () => {
    expect(of("?from=2026-11-28T12:00:00.001Z&to=2026-11-28T12:00:00.003Z")).toEqual({
      fromMs: FROM_MS + 1,
      toMs: FROM_MS + 3,
    });
  });
});

describe("calls by outcome", () => {
  it("are none of what the filter left out", () => {
    const quantiles = { p50_ms: [], p95_ms: [], p99_ms: [] };
    const counts = outcomeColumns({ ...HEAD, series: [{ key: "ok", calls: [2, 3] }], quantiles });
    expect(sumOf(counts, OUTCOMES)).toBe(5);
    expect(sumAt(counts, 1, OUTCOMES)).toBe(3);
  });
});

describe("the page's filters", () => {
  it("are all that the list of calls takes, here and on the way from call to call", () => {
    const taken = Object.keys(CALL_PARAMETERS).filter((name) => name !== "from" && name !== "to");
    expect(new Set<string>(FILTER_NAMES)).toEqual(new Set(taken));
    expect(new Set(CALL_FILTERS)).toEqual(new Set(taken));
  });

  it("lead from a call to those like it, itself among them", () => {
    const call = { started_at: "2026-11-27T10:00:00.000Z" };
    const of = (search: string) =>
      Object.fromEntries(alikeQuery(parseAddress("/", search).query, call, "session_id", "s&1"));
    const around = { from: "2026-11-27T09:30:00.000Z", to: "2026-11-27T10:30:00.000Z" };
    expect(of("")).toEqual({ ...around, session_id: "s&1" });
    expect(of("?last=7d&zone=utc&tool=x")).toEqual({ last: "7d", zone: "utc", session_id: "s&1" });
    const day = { from: "2026-11-27T00:00:00.000Z", to: "2026-11-28T00:00:00.000Z" };
    expect(of(`?from=${day.from}&to=${day.to}`)).toEqual({ ...day, session_id: "s&1" });
    expect(of("?from=2026-11-27T11:00:00Z")).toEqual({ ...around, session_id: "s&1" });
    expect(of("?from=2026-11-27T09:00:00Z")).toEqual({
      from: "2026-11-27T09:00:00Z",
      session_id: "s&1",
    });
  });
});

describe("calls that came since a list was read", () => {
  it("are those of the first page that it does not have", () => {
    const calls = ["1", "2", "3"].map((id) => ({ id }) as CallAnswer);
    expect(countNew(calls.slice(1), calls)).toBe(1);
    expect(countNew(calls, calls)).toBe(0);
    expect(countNew([], calls)).toBe(3);
  });
});
