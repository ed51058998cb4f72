import { describe, expect, it } from "vitest";
import { getJson, problemOf } from "../../harness/answers.ts";
import { ingest, makeSample } from "../../harness/calls.ts";
import { call } from "../../harness/deployment.ts";
import { makeOrg } from "../../harness/orgs.ts";

const MINUTE_MS = 60_000;

interface LagBody {
  from: string;
  to: string;
  step_seconds: number;
  counted_until: string;
  source: string;
  partial: boolean;
  series: {
    instance: string;
    calls: number[];
    p50_ms: (number | null)[];
    p95_ms: (number | null)[];
    ahead: number[];
  }[];
}

const lagOf = (org: string, query = "") => getJson<LagBody>(`/v1/orgs/${org}/lag${query}`);
const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
const isNear = (told: number | null | undefined, ms: number) =>
  told != null && told > 0.85 * ms && told < 1.15 * ms + 500;

describe("GET /lag", () => {
  it("tells calls that were held up from a clock that is ahead", async () => {
    const org = await makeOrg();
    const nowMs = Date.now();
    const started = (ms: number) => makeSample({ started_at: nowMs + ms, duration_ms: 1 });
    await ingest(org, [started(-600_000), started(-610_000)], { instance_id: "held-up" });
    await ingest(org, [started(60_000)], { instance_id: "ahead" });
    await ingest(org, [started(-1_000)], { instance_id: "well" });
    const { series, source, partial } = await lagOf(org, `?to=${nowMs + 5 * MINUTE_MS}`);
    expect([source, partial]).toEqual(["minutes", false]);
    const [heldUp, ...others] = series;
    expect(heldUp?.instance).toBe("held-up");
    expect(heldUp?.p95_ms.some((ms) => isNear(ms, 600_000))).toBe(true);
    const counted = Object.fromEntries(
      others.map(({ instance, calls, ahead }) => [instance, [sum(calls), sum(ahead)]]),
    );
    expect(counted).toEqual({ ahead: [1, 1], well: [1, 0] });
    expect(sum(heldUp?.ahead ?? [])).toBe(0);
  });

  it("counts in each step what the list of calls has of it, replays too", async () => {
    const org = await makeOrg();
    const nowMs = Date.now();
    const samples = Array.from({ length: 40 }, (_, at) =>
      makeSample({
        started_at: nowMs - at * 77_000,
        outcome: at % 5 === 0 ? "idempotent_replay" : "ok",
      }),
    );
    await ingest(org, samples);
    const { series, from, step_seconds } = await lagOf(org, "?step=300");
    const calls = series[0]?.calls ?? [];
    expect([step_seconds, sum(calls)]).toEqual([300, 40]);
    for (const [step, count] of calls.entries()) {
      const startMs = Date.parse(from) + step * 300_000;
      const listed = await getJson<{ invocations: unknown[] }>(
        `/v1/orgs/${org}/invocations?instance=gw-1&from=${startMs}&to=${startMs + 300_000}`,
      );
      expect(listed.invocations).toHaveLength(count);
    }
  });

  it("has a null where no call began, and nothing of another org", async () => {
    const [org, other] = await Promise.all([makeOrg(), makeOrg()]);
    await ingest(other, [makeSample()]);
    await ingest(org, [makeSample({ started_at: Date.now() - 30 * MINUTE_MS })]);
    const { series } = await lagOf(org);
    const [{ calls, p50_ms }] = series as [LagBody["series"][number]];
    expect(sum(calls)).toBe(1);
    expect(p50_ms.filter((ms) => ms === null)).toHaveLength(calls.length - 1);
  });

  it("refuses more than 240 steps, and tells how long a step has to be", async () => {
    const org = await makeOrg();
    const to = Date.parse("2026-11-20T00:00:00Z");
    const query = `?from=${to - 24 * 60 * MINUTE_MS}&to=${to}&step=60`;
    const answer = await problemOf(call("GET", `/v1/orgs/${org}/lag${query}`));
    expect([answer.status, answer.errors?.[0]?.pointer]).toEqual([400, "/step"]);
    const least = Number(/at least (\d+)/.exec(answer.errors?.[0]?.message ?? "")?.[1]);
    expect(least).toBe(360);
    const { series, step_seconds } = await lagOf(org, query.replace("step=60", `step=${least}`));
    expect([series, step_seconds]).toEqual([[], 360]);
    const backwards = await problemOf(call("GET", `/v1/orgs/${org}/lag?from=${to}&to=${to}`));
    expect([backwards.status, backwards.errors?.[0]?.pointer]).toEqual([400, "/from"]);
  });
});

describe("GET /instances", () => {
  it("has the last hour's lag of each instance, and null of one without calls", async () => {
    const org = await makeOrg();
    const nowMs = Date.now();
    const started = (ms: number) => makeSample({ started_at: nowMs + ms, duration_ms: 1 });
    await ingest(org, [started(-20_000), started(-20_000)], { instance_id: "a" });
    await ingest(org, [], { instance_id: "b" });
    await ingest(org, [started(-7_200_000)], { instance_id: "c" });
    const path = `/v1/orgs/${org}/instances`;
    const { instances } = await getJson<{ instances: Record<string, number | null>[] }>(path);
    const [a, ...others] = instances;
    expect([isNear(a?.["lag_p50_ms"], 20_000), isNear(a?.["lag_p95_ms"], 20_000)]).toEqual([
      true,
      true,
    ]);
    const lags = others.map(({ id, lag_p50_ms, lag_p95_ms }) => [id, lag_p50_ms, lag_p95_ms]);
    expect(lags).toEqual([
      ["b", null, null],
      ["c", null, null],
    ]);
  });
});
