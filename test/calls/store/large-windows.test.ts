/** Rollups of an org with more series than one statement reads. */
import { beforeAll, describe, expect, it } from "vitest";
import { NOTHING_PENDING } from "#calls/figures/pending.ts";
import { findRollupPage, type RollupQuery } from "#calls/store/rollup-page.ts";
import { STATEMENT_ROWS_MAX } from "#calls/store/rollup-windows.ts";
import { ingest, makeSample, scrape } from "../../harness/calls.ts";
import { workerEnv } from "../../harness/deployment.ts";
import { makeOrg } from "../../harness/orgs.ts";
import { watchedD1 } from "../../harness/watched-d1.ts";

const HOUR_MS = 3_600_000;
const SERIES = STATEMENT_ROWS_MAX + 300;
const REPORT = 1_000;

let query: RollupQuery;

beforeAll(async () => {
  const org = await makeOrg({ tier: "enterprise" });
  const nowMs = Date.now();
  const window = Math.floor(nowMs / HOUR_MS);
  for (const started_at of [nowMs, nowMs - HOUR_MS]) {
    for (let from = 0; from < SERIES; from += REPORT) {
      const samples = Array.from({ length: Math.min(REPORT, SERIES - from) }, (_, at) =>
        makeSample({ tool: `t${from + at}`, plugin: `p${at % 3}`, workspace: "w", started_at }),
      );
      await ingest(org, samples);
    }
  }
  await scrape(org);
  const range = { from: window - 1, to: window + 1 };
  query = { org, granularity: "hour", range, filter: {}, groupBy: ["plugin"], after: null };
}, 60_000);

/** A page, and the most rows that one statement of rollups answered. */
async function read(asked: Partial<RollupQuery>) {
  let rowsMax = 0;
  const db = watchedD1(workerEnv.SHARD_0, async (sql, send) => {
    const answer = (await send()) as { results?: unknown[] };
    if (sql.includes("rollups_hourly r")) rowsMax = Math.max(rowsMax, answer.results?.length ?? 0);
    return answer;
  });
  const { groups } = await findRollupPage(db, { ...query, ...asked }, 10_000, NOTHING_PENDING);
  const calls = groups.reduce((sum, { figures }) => sum + figures.calls, 0);
  return { groups, calls, rowsMax };
}

describe("A window of more series than one statement reads", () => {
  it.each([
    [{}, []],
    [{}, ["plugin"]],
    [{ workspace: "w" }, ["plugin"]],
    [{ workspace: "w" }, ["tool"]],
  ] as const)(
    "is read in parts, and has each series once: of %o by %o",
    async (filter, groupBy) => {
      const { groups, calls, rowsMax } = await read({ filter, groupBy });
      expect(calls).toBe(2 * SERIES);
      expect(rowsMax).toBeLessThanOrEqual(STATEMENT_ROWS_MAX);
      const [label] = groupBy;
      const names = { plugin: 3, tool: SERIES } as const;
      expect(groups).toHaveLength(2 * (label === undefined ? 1 : names[label]));
    },
  );

  it("has of a plugin what it says of it among all", async () => {
    const all = await read({ groupBy: ["plugin"] });
    for (const plugin of ["p0", "p2"]) {
      const { groups } = await read({ filter: { plugin, workspace: "w" }, groupBy: ["plugin"] });
      expect(groups).toEqual(all.groups.filter(({ labels }) => labels.plugin === plugin));
    }
  });
});
