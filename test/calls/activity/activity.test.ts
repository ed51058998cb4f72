import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { activityRange } from "#calls/activity/activity-range.ts";
import { OUTCOMES, type Outcome } from "#calls/outcome.ts";
import { durationRangeMs } from "#formats/half-octave.ts";
import {
  byStep,
  errorsAmong,
  heatCells,
  isQuantile,
  matching,
  REPLAYED,
  type TrueCall,
  type TrueFilter,
  type TrueRange,
  withoutReplays,
} from "../../harness/activity-truth.ts";
import { getJson, problemOf, refusal } from "../../harness/answers.ts";
import { postCalls, scrape } from "../../harness/calls.ts";
import { call } from "../../harness/deployment.ts";
import { newId } from "../../harness/new-id.ts";
import { makeOrg } from "../../harness/orgs.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const OTHER = "__other__";

const NAMES = [
  "list_repos",
  "<script>alert(1)</script>",
  "__proto__",
  "constructor",
  `$."1"`,
  "a\\b'c\"d",
  "\u202Egnirts",
  "👩‍👩‍👧‍👦",
  "раypal",
  "x".repeat(128),
];
const name = fc.constantFrom(...NAMES);
const durationUs = fc.oneof(
  fc.constantFrom(0, 1, 2, 3, 1_000_000, 86_400_000_000),
  fc.integer({ min: 0, max: 20_000_000 }),
);
/** Most are of a few minutes, some are late, and some ahead. */
const ageMs = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -4.9 * MINUTE_MS, max: 10 * MINUTE_MS }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 23.9 * HOUR_MS }) },
);
const fields = fc.record({
  workspace: fc.constantFrom("prod", "тест", "<b>"),
  plugin: fc.constantFrom("github", "__proto__", "a/b"),
  tool: name,
  actor: fc.constantFrom(null, "user:alice@acme", "user:bob@acme"),
  durationUs,
  ageMs,
  outcome: fc.constantFrom(...OUTCOMES),
});
const report = fc.record({
  instance: fc.constantFrom("gw-1", "gw-2", "gw-3"),
  calls: fc.array(fields, { minLength: 1, maxLength: 40 }),
  copies: fc.integer({ min: 1, max: 3 }),
});

interface Head {
  from: string;
  to: string;
  step_seconds: number;
  counted_until: string;
  source: string;
  partial: boolean;
}
interface Labels {
  workspace?: string;
  plugin?: string;
  tool?: string;
}
interface Activity extends Head {
  series: { key: string; labels?: Labels | null; calls: number[] }[];
  quantiles: Record<"p50_ms" | "p95_ms" | "p99_ms", (number | null)[]>;
}
interface Heat extends Head {
  columns: number;
  cells: number[][];
}
interface Top extends Head {
  total: { calls: number; errors: number };
  rows: { labels: Labels; calls: number; errors: number; p95_ms: number | null }[];
}

let org: string;
let own: TrueCall[];
let counted: TrueCall[];

/** Reports of several instances, some sent twice at once, while others fold. */
beforeAll(async () => {
  org = await makeOrg({ limits: { series_max: 60 } });
  const nowMs = Date.now();
  const reports = fc
    .sample(report, { numRuns: 24, seed: 12 })
    .map(({ instance, calls, copies }) => ({
      instance,
      copies,
      calls: calls.map(({ ageMs: age, ...call }): TrueCall => {
        const startedAtMs = nowMs - age;
        return { ...call, id: newId(startedAtMs), instance, startedAtMs };
      }),
    }));
  own = reports.flatMap(({ calls }) => calls);
  await Promise.all([
    ...reports.map(async ({ instance, calls, copies }) => {
      const body = calls.map(sampleOf);
      const copy = () => postCalls(org, body, { instance_id: instance });
      await Promise.all(Array.from({ length: copies }, copy));
    }),
    ...Array.from({ length: 6 }, () => scrape(org)),
  ]);
  const page = await scrape(org);
  const isCounted = ({ workspace, plugin, tool }: TrueCall) =>
    page.includes(
      `workspace="${escaped(workspace)}",plugin="${escaped(plugin)}",tool="${escaped(tool)}"`,
    );
  const other = { workspace: OTHER, plugin: OTHER, tool: OTHER };
  counted = own.map((call) => (isCounted(call) ? call : { ...call, ...other }));
  expect(counted.some(({ tool }) => tool === OTHER)).toBe(true);
});

function sampleOf({ startedAtMs, durationUs: us, instance: _, ...call }: TrueCall) {
  return { ...call, started_at: startedAtMs, duration_ms: us / 1e3 };
}

const escaped = (text: string) => text.replaceAll("\\", "\\\\").replaceAll('"', '\\"');

const bucket = fc.integer({ min: -38, max: 10 });
const durations = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  bucket.map((of) => durationRangeMs(of)),
  bucket.map((of) => ({ min_duration_ms: durationRangeMs(of).min_duration_ms })),
  fc.integer({ min: 0, max: 5_000 }).map((ms) => ({ max_duration_ms: ms })),
);
const question = fc.record({
  names: fc.record(
    {
      workspace: fc.constantFrom("prod", "<b>"),
      plugin: fc.constantFrom("github", "__proto__", OTHER),
      tool: name,
    },
    { requiredKeys: [] },
  ),
  others: fc.oneof(
    { weight: 4, arbitrary: fc.constant({}) },
    fc.constantFrom<TrueFilter>({ actor: "user:alice@acme" }, { instance: "gw-2" }),
  ),
  outcome: fc.option(fc.subarray([...OUTCOMES], { minLength: 1 }), { nil: undefined }),
  durations,
  fromAge: fc.integer({ min: 1, max: 30 * HOUR_MS }),
  length: fc.oneof(
    fc.integer({ min: 1, max: 20 * MINUTE_MS }),
    fc.integer({ min: 1, max: 30 * HOUR_MS }),
  ),
  by: fc.constantFrom("workspace", "plugin", "tool"),
  step: fc.option(fc.constantFrom(60, 61, 420, 900, 3_600), { nil: undefined }),
});

type Question = (typeof question)["generate"] extends (...args: never[]) => { value: infer V }
  ? V
  : never;

function filterOf({ names, others, outcome, durations: range }: Question): TrueFilter {
  return { ...names, ...others, ...range, ...(outcome && { outcome }) };
}

function queryOf(asked: Question, more: Record<string, unknown>): string {
  const from = Date.now() - asked.fromAge;
  const terms = { ...filterOf(asked), from, to: from + asked.length, ...more };
  const pairs = Object.entries(terms).map(([key, value]) => [key, String(value)]);
  return new URLSearchParams(pairs).toString();
}

/** By name as it is counted, but of samples: these keep their own, and `__other__` finds what is counted so. */
function truth(head: Head, asked: Question): { calls: TrueCall[]; range: TrueRange } {
  const stepMs = head.step_seconds * 1e3;
  const range = { fromMs: Date.parse(head.from), toMs: Date.parse(head.to), stepMs };
  const { plugin, ...filter } = filterOf(asked);
  if (head.source !== "samples" || plugin !== OTHER) {
    const calls = head.source === "samples" ? own : counted;
    return { calls: matching(calls, filterOf(asked), range), range };
  }
  const others = own.filter((_, at) => counted[at]?.plugin === OTHER);
  return { calls: matching(others, filter, range), range };
}

const labelled = (calls: readonly TrueCall[], labels: Labels) =>
  calls.filter((call) =>
    Object.entries(labels).every(([key, value]) => call[key as "tool"] === value),
  );

describe("activity", () => {
  const sources = new Set<string>();

  it("is what a plain count of the samples says, by outcome, whatever the filter, range and step", async () => {
    await fc.assert(
      fc.asyncProperty(question, async (asked) => {
        const step = asked.length > 4 * HOUR_MS ? {} : asked.step && { step: asked.step };
        const answer = await getJson<Activity>(
          `/v1/orgs/${org}/activity?${queryOf(asked, { ...step })}`,
        );
        const { calls, range } = truth(answer, asked);
        sources.add(answer.source);
        const outcomes: readonly Outcome[] = OUTCOMES.filter(
          (one) => asked.outcome?.includes(one) ?? true,
        );
        expect(answer.series).toEqual(
          outcomes.map((key) => ({
            key,
            calls: byStep(
              calls.filter(({ outcome }) => outcome === key),
              range,
            ),
          })),
        );
        const steps = answer.quantiles.p95_ms.map((ms, index) => {
          const fromMs = range.fromMs + index * range.stepMs;
          const ofStep = matching(calls, {}, { ...range, fromMs, toMs: fromMs + range.stepMs });
          return isQuantile(
            ms,
            0.95,
            ofStep.filter(({ outcome }) => outcome !== REPLAYED),
          );
        });
        expect(steps).not.toContain(false);
        expect(answer.partial).toBe(false);
      }),
      { numRuns: 60 },
    );
    expect([...sources].sort()).toEqual(["minutes", "quarter_hours", "samples"]);
  }, 120_000);

  it("is what a plain count says of each group, the greatest ten and what is left", async () => {
    await fc.assert(
      fc.asyncProperty(question, async (asked) => {
        const query = queryOf(asked, { group_by: asked.by });
        const answer = await getJson<Activity>(`/v1/orgs/${org}/activity?${query}`);
        const truly = truth(answer, asked);
        const calls = withoutReplays(truly.calls, filterOf(asked));
        const rest = answer.series.filter(({ labels }) => labels === null);
        const groups = answer.series.filter(({ labels }) => labels !== null);
        for (const { key, labels, calls: steps } of groups) {
          expect(steps).toEqual(byStep(labelled(calls, labels ?? {}), truly.range));
          expect(key).toBe(labels?.[asked.by]);
        }
        const of = (call: TrueCall) => JSON.stringify(labelsOf(call, asked.by));
        const sizes = [...Map.groupBy(calls, of).values()].map(({ length }) => length);
        const sums = groups.map(({ calls: steps }) => steps.reduce((sum, n) => sum + n, 0));
        expect(sums).toEqual(sizes.sort((a, b) => b - a).slice(0, 10));
        const told = answer.series.flatMap(({ calls: steps }) => steps);
        expect(told.reduce((sum, n) => sum + n, 0)).toBe(calls.length);
        expect(rest).toHaveLength(sizes.length > 10 ? 1 : 0);
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  it("has a heat map whose cells hold exactly the calls of their durations and times", async () => {
    await fc.assert(
      fc.asyncProperty(question, async (asked) => {
        const answer = await getJson<Heat>(
          `/v1/orgs/${org}/activity/heatmap?${queryOf(asked, {})}`,
        );
        const { calls, range } = truth(answer, asked);
        expect(answer.cells).toEqual(heatCells(withoutReplays(calls, filterOf(asked)), range));
        expect(answer.columns).toBe((range.toMs - range.fromMs) / range.stepMs);
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  it("tells the groups with most calls, most errors and the longest latency", async () => {
    const metric = fc.constantFrom("calls", "errors", "p95");
    await fc.assert(
      fc.asyncProperty(question, metric, async (asked, by) => {
        const query = queryOf(asked, { by: asked.by, metric: by, limit: 5 });
        const answer = await getJson<Top>(`/v1/orgs/${org}/activity/top?${query}`);
        const { calls } = truth(answer, asked);
        expect(answer.total).toEqual({
          calls: withoutReplays(calls, filterOf(asked)).length,
          errors: errorsAmong(calls),
        });
        for (const { labels, ...row } of answer.rows) {
          const ofGroup = labelled(calls, labels);
          const timed = ofGroup.filter(({ outcome }) => outcome !== REPLAYED);
          expect(row.calls).toBe(withoutReplays(ofGroup, filterOf(asked)).length);
          expect(row.errors).toBe(errorsAmong(ofGroup));
          expect(isQuantile(row.p95_ms, 0.95, timed)).toBe(true);
        }
        const ranks = answer.rows.map((row) => (by === "p95" ? row.p95_ms! : row[by as "calls"]));
        expect(ranks).toEqual(ranks.toSorted((a, b) => b - a));
      }),
      { numRuns: 40 },
    );
  }, 120_000);
});

function labelsOf({ workspace, plugin, tool }: TrueCall, by: Question["by"]): string[] {
  if (by === "workspace") return [workspace];
  return by === "plugin" ? [workspace, plugin] : [workspace, plugin, tool];
}

describe("a range of activity", () => {
  it("is widened to whole steps by the epoch, and has as few as were asked for", () => {
    const ms = fc.integer({ min: 0, max: 4e12 });
    fc.assert(
      fc.property(
        ms,
        fc.integer({ min: 1, max: 4e9 }),
        fc.integer({ min: 1, max: 240 }),
        (fromMs, length, columns) => {
          const asked = { fromMs, toMs: fromMs + length, columns };
          const range = activityRange(asked, {
            nowMs: 5e12,
            minutesFromMs: 2e12,
            isGrouped: false,
          });
          if ("kind" in range) throw new Error(range.kind);
          expect(range.fromMs).toBeLessThanOrEqual(fromMs);
          expect(range.toMs).toBeGreaterThanOrEqual(fromMs + length);
          expect(fromMs - range.fromMs).toBeLessThan(range.stepMs);
          expect(range.toMs - fromMs - length).toBeLessThan(range.stepMs);
          expect([range.fromMs % range.stepMs, range.toMs % range.stepMs]).toEqual([0, 0]);
          expect(
            range.stepMs % (range.fromMs < 2e12 + MINUTE_MS ? 15 * MINUTE_MS : MINUTE_MS),
          ).toBe(0);
          expect((range.toMs - range.fromMs) / range.stepMs).toBeLessThanOrEqual(columns);
        },
      ),
    );
  });

  it("is read by the minute where minutes are kept, and groups for six hours at most", () => {
    const minutesFromMs = 1e6 * MINUTE_MS;
    const of = (fromMs: number, length: number, isGrouped = false) => {
      const bounds = { nowMs: 5e12, minutesFromMs, isGrouped };
      return activityRange({ fromMs, toMs: fromMs + length, columns: 240 }, bounds);
    };
    const firstMs = minutesFromMs + MINUTE_MS;
    expect(of(firstMs, MINUTE_MS)).toMatchObject({ stepMs: MINUTE_MS });
    expect(of(firstMs - 1, MINUTE_MS)).toMatchObject({ stepMs: 15 * MINUTE_MS });
    const hours = (length: number, isGrouped: boolean) =>
      of(minutesFromMs + HOUR_MS, length, isGrouped);
    expect(hours(6 * HOUR_MS, true)).toMatchObject({ stepMs: 2 * MINUTE_MS });
    expect(hours(6 * HOUR_MS + 1, true)).toMatchObject({ stepMs: 15 * MINUTE_MS });
    expect(hours(6 * HOUR_MS + 1, false)).toMatchObject({ stepMs: 2 * MINUTE_MS });
  });

  it("that begins ahead of now is of that moment, unless told otherwise", async () => {
    const from = Date.now() + 10 * MINUTE_MS;
    for (const path of ["activity?", "lag?", "errors?", "activity/top?by=actor&"]) {
      const answer = await getJson<Head>(`/v1/orgs/${org}/${path}from=${from}`);
      expect(Date.parse(answer.to)).toBeGreaterThan(from);
    }
  });

  it("tells the least step that has no more than 240, and has it", async () => {
    const to = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
    const path = `/v1/orgs/${org}/activity?from=${to - 24 * HOUR_MS}&to=${to}&step=`;
    const { errors = [] } = await problemOf(call("GET", `${path}60`));
    const [, least] = /at least (\d+)/.exec(errors[0]?.message ?? "") ?? [];
    expect(errors[0]?.pointer).toBe("/step");
    const { quantiles } = await getJson<Activity>(`${path}${least}`);
    expect(quantiles.p50_ms.length).toBeLessThanOrEqual(240);
    await expect(problemOf(call("GET", `${path}${Number(least) - 60}`))).resolves.toMatchObject({
      status: 400,
    });
  });

  it("that is empty is refused, and one before all time or after it is answered", async () => {
    const path = `/v1/orgs/${org}/activity`;
    await expect(refusal(call("GET", `${path}?from=5&to=5`))).resolves.toEqual([
      400,
      "invalid_request",
    ]);
    await expect(refusal(call("GET", `${path}?from=999999999999999`))).resolves.toEqual([
      400,
      "invalid_request",
    ]);
    for (const range of ["from=0000-01-01T00:00:00Z", "to=9999-12-31T23:59:59Z&from=0"]) {
      for (const view of ["", "/heatmap", "/top"]) {
        const query = view === "/top" ? `${range}&by=tool` : range;
        const { from } = await getJson<Head>(`${path}${view}?${query}`);
        expect(Date.parse(from)).toBeGreaterThanOrEqual(0);
      }
    }
  });
});
