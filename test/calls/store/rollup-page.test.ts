import { beforeAll, describe, expect, it } from "vitest";
import { NOTHING_PENDING } from "#calls/figures/pending.ts";
import { GROUP_LABELS, type RollupGroupFigures } from "#calls/figures/rollup-groups.ts";
import { findRollupPage, type RollupQuery } from "#calls/store/rollup-page.ts";
import { BilledRows } from "../../harness/billed-rows.ts";
import { ingest, makeSample, scrape } from "../../harness/calls.ts";
import { workerEnv } from "../../harness/deployment.ts";
import { makeOrg } from "../../harness/orgs.ts";

const HOUR_MS = 3_600_000;
const SERIES = 240;
const WINDOWS = 4;

let org: string;
let query: RollupQuery;

beforeAll(async () => {
  org = await makeOrg();
  const nowMs = Date.now();
  for (let window = 0; window < WINDOWS; window += 1) {
    const started_at = nowMs - window * HOUR_MS;
    const samples = Array.from({ length: SERIES }, (_, tool) =>
      makeSample({ tool: `t${tool}`, plugin: `p${tool % 7}`, started_at, duration_ms: tool + 1 }),
    );
    await ingest(org, samples);
  }
  await scrape(org);
  const end = Math.floor(nowMs / HOUR_MS) + 1;
  query = {
    org,
    granularity: "hour",
    range: { from: end - WINDOWS, to: end },
    filter: {},
    groupBy: GROUP_LABELS,
    after: null,
  };
});

function billed() {
  const rows = new BilledRows();
  return { rows, db: rows.counting(workerEnv.SHARD_0) };
}

async function allPages(asked: RollupQuery, limit: number): Promise<RollupGroupFigures[]> {
  const groups: RollupGroupFigures[] = [];
  let { after } = asked;
  do {
    const page = await findRollupPage(
      workerEnv.SHARD_0,
      { ...asked, after },
      limit,
      NOTHING_PENDING,
    );
    groups.push(...page.groups);
    after = page.next;
  } while (after !== null);
  return groups;
}

describe("A page of rollups", () => {
  it("without a filter reads each row, its series and the list of series, whatever the product of the two", async () => {
    const { rows, db } = billed();
    const { groups } = await findRollupPage(db, query, SERIES * WINDOWS, NOTHING_PENDING);
    expect(groups).toHaveLength(SERIES * WINDOWS);
    // A look-up of a series is its index entry and its row.
    expect(rows.take().rowsRead).toBeLessThanOrEqual(3 * SERIES * WINDOWS + SERIES + 100);
  });

  it("of one group reads one window of the four", async () => {
    const { rows, db } = billed();
    const { groups } = await findRollupPage(db, query, 1, NOTHING_PENDING);
    expect(groups).toHaveLength(1);
    expect(rows.take().rowsRead).toBeLessThanOrEqual(3 * SERIES + SERIES + 100);
  });

  it.each([
    [{}, GROUP_LABELS],
    [{}, ["plugin"]],
    [{}, []],
    [{ plugin: "p3" }, GROUP_LABELS],
    [{ plugin: "p3" }, ["plugin"]],
    [{ tool: "t17" }, ["tool"]],
    [{ tool: "nowhere" }, ["tool"]],
  ] as const)("of %o by %o says the same in small pages and in one", async (filter, groupBy) => {
    const asked = { ...query, filter, groupBy };
    const [whole, ...parts] = await Promise.all([1_000, 97, 13].map((n) => allPages(asked, n)));
    for (const part of parts) expect(part).toEqual(whole);
    const keys = whole!.map(({ windowNumber, key }) => `${windowNumber} ${key}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("without a filter says what it says with one, series by series", async () => {
    const whole = await allPages(query, 1_000);
    for (const plugin of ["p0", "p6"]) {
      const alone = await allPages({ ...query, filter: { plugin } }, 1_000);
      expect(alone).toEqual(whole.filter(({ labels }) => labels.plugin === plugin));
    }
  });
});
