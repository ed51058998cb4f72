import { beforeAll, describe, expect, it } from "vitest";
import "#capabilities.ts";
import { pruneCutoffs } from "#calls/prune-cutoffs.ts";
import { foldAll } from "#calls/store/fold/fold.ts";
import { pruneOnce } from "#calls/store/prune.ts";
import { effectiveRetention } from "#orgs/retention.ts";
import { getJson } from "../../harness/answers.ts";
import { makeOrg } from "../../harness/orgs.ts";
import { db, invocation, store } from "../../harness/shard-org.ts";

const HOUR_MS = 3_600_000;
/** Kept for 48 hours: of the quarter in which that ends one call is left. */
const AGES_HOURS = [1, 30, 47.99, 47.9, 48.01, 60, 100];

interface Head {
  partial: boolean;
  scanned_to?: string;
  to: string;
}

let org: string;
let nowMs: number;

beforeAll(async () => {
  org = await makeOrg({ tier: "community" });
  nowMs = Date.now();
  const own = { org, generation: 1, seriesMax: 100, seriesLabelBytesMax: 10_000 };
  for (const hours of AGES_HOURS) {
    const receivedAtMs = nowMs - hours * HOUR_MS;
    const fields = { started_at: receivedAtMs, outcome: "server_error" };
    await store(own, [invocation(fields, receivedAtMs)], { receivedAtMs });
    await foldAll(
      db,
      own,
      () => receivedAtMs,
      () => false,
    );
  }
  expect(await pruneOnce(db, org, pruneCutoffs(effectiveRetention("community", {}), nowMs))).toBe(
    true,
  );
});

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
type Series = { series: { calls: number[] }[] };

const FIGURES: readonly [string, (answer: never) => number][] = [
  ["activity?", ({ series }: Series) => sum(series.flatMap(({ calls }) => calls))],
  ["activity?group_by=tool&", ({ series }: Series) => sum(series.flatMap(({ calls }) => calls))],
  ["activity?instance=gw-1&", ({ series }: Series) => sum(series.flatMap(({ calls }) => calls))],
  ["activity/heatmap?", ({ cells }: { cells: number[][] }) => sum(cells.map((cell) => cell[2]!))],
  ["activity/top?by=tool&", ({ total }: { total: { calls: number } }) => total.calls],
  ["activity/top?by=actor&", ({ total }: { total: { calls: number } }) => total.calls],
  ["errors?", ({ total }: { total: { calls: number } }) => total.calls],
  [
    "activity/compare?sel_plugin=github&",
    ({ selection }: { selection: { calls: number } }) => selection.calls,
  ],
  ["lag?", ({ series }: Series) => sum(series.flatMap(({ calls }) => calls))],
];

describe("Of a time whose samples were pruned", () => {
  it.each(FIGURES)(
    "%s tells from when on it counts, and counts what the list has",
    async (path, figureOf) => {
      const ask = `/v1/orgs/${org}/${path}`;
      const answer = await getJson<Head>(`${ask}from=${nowMs - 7 * 24 * HOUR_MS}`);
      expect(answer.partial).toBe(true);
      const { scanned_to = "", to } = answer;
      const aheadMs = Date.parse(scanned_to) - (nowMs - 48 * HOUR_MS);
      expect(aheadMs).toBeGreaterThanOrEqual(0);
      expect(aheadMs).toBeLessThanOrEqual(HOUR_MS / 4);
      const list = `/v1/orgs/${org}/invocations?from=${scanned_to}&to=${to}`;
      const { invocations } = await getJson<{ invocations: unknown[] }>(list);
      expect(figureOf(answer as never)).toBe(invocations.length);
      expect(invocations.length).toBeGreaterThanOrEqual(2);
    },
  );

  it.each(FIGURES)(
    "%s tells none where all is of before, and all of after",
    async (path, figureOf) => {
      const ask = `/v1/orgs/${org}/${path}`;
      const before = await getJson<Head>(
        `${ask}from=${nowMs - 120 * HOUR_MS}&to=${nowMs - 90 * HOUR_MS}`,
      );
      expect(before).toMatchObject({ partial: true, scanned_to: before.to });
      expect(figureOf(before as never)).toBe(0);
      const after = await getJson<Head>(`${ask}from=${nowMs - 31 * HOUR_MS}`);
      expect(after.partial).toBe(false);
      expect(figureOf(after as never)).toBe(2);
    },
  );

  it.each(FIGURES)("%s is whole where nothing was pruned, however far back", async (path) => {
    const young = await makeOrg({ tier: "community" });
    const answer = await getJson<Head>(
      `/v1/orgs/${young}/${path}from=${nowMs - 30 * 24 * HOUR_MS}`,
    );
    expect(answer.partial).toBe(false);
  });
});
