import { describe, expect, it } from "vitest";
import { FOLD_QUERIES, foldJob } from "#calls/fold-job.ts";
import { ARRIVALS_READ_MAX } from "#calls/store/fold/backlog.ts";
import { countForRead } from "#calls/store/fold/count-for-read.ts";
import { foldAll, foldOnce } from "#calls/store/fold/fold.ts";
import { mergeSmall } from "#calls/store/fold/merge-small.ts";
import { workerEnv } from "../../harness/deployment.ts";
import {
  countRows,
  db,
  invocation,
  makeArrivalsOld,
  makeShardOrg,
  type ShardTestOrg,
  store,
} from "../../harness/shard-org.ts";
import { countingD1, read, strictD1 } from "./pending-reads.ts";

const MINUTE_MS = 60_000;
const place = { env: workerEnv, shard: "SHARD_0" } as never;
const foldRest = (org: ShardTestOrg) => foldAll(db, org, Date.now, () => false);

/** Of a spool: each call of another tool, in another minute of the last day. */
function spooled(from: number, count: number) {
  const nowMs = Date.now();
  return Array.from({ length: count }, (_, at) =>
    invocation({
      tool: `t${(from + at) % 1_000}`,
      started_at: nowMs - (((from + at) * 7) % 1_430) * MINUTE_MS,
    }),
  );
}

async function knownOrg() {
  const org = await makeShardOrg();
  await store(
    org,
    Array.from({ length: 1_000 }, (_, tool) => invocation({ tool: `t${tool}` })),
    { epochMs: 1, seq: 0 },
  );
  await foldRest(org);
  return org;
}

describe("A fold of what a tick has merged", () => {
  it("is as bounded as that of what it was merged of", async () => {
    const org = await knownOrg();
    const before = await countRows(org.org, "activity_minutes");
    for (let at = 0; at < 100; at += 1)
      await store(org, spooled(at * 40, 40), { epochMs: 1, seq: 1 + at });
    while ((await foldJob.step(place, org)) === "more");
    await makeArrivalsOld(org.org);
    const { counting, count } = countingD1();
    await foldOnce(counting, org, Date.now());
    const rows = (await countRows(org.org, "activity_minutes")) - before;
    expect(count.queries).toBeLessThanOrEqual(FOLD_QUERIES);
    expect(rows).toBeLessThan(1_500);
  }, 120_000);

  it("is of some thousand tools at most", async () => {
    const org = await makeShardOrg();
    for (let at = 0; at < 165; at += 1) {
      const calls = Array.from({ length: 34 }, (_, one) =>
        invocation({ tool: `t${at * 34 + one}` }),
      );
      await store(org, calls, { epochMs: 1, seq: at });
    }
    while ((await foldJob.step(place, org)) === "more");
    await makeArrivalsOld(org.org);
    await foldOnce(db, org, Date.now());
    const series = await countRows(org.org, "series");
    expect(series).toBeLessThan(4_100);
  }, 120_000);
});

describe("A reader whose time is over at once", () => {
  it("sends no more than the headroom of an invocation has room for", async () => {
    const org = await knownOrg();
    for (let at = 0; at < 8; at += 1)
      await store(org, spooled(at * 1_000, 1_000), { epochMs: 1, seq: 1 + at });
    await store(org, [invocation({ tool: "new" })], { epochMs: 1, seq: 9 });
    const { counting, count } = countingD1();
    await countForRead(counting, org, () => true, true);
    expect(count.queries).toBeLessThanOrEqual(100);
  }, 120_000);

  it("does not regroup a backlog of many megabytes first", async () => {
    const org = await makeShardOrg();
    for (let from = 0; from < 4_000; from += 1_000) {
      const calls = Array.from({ length: 1_000 }, (_, at) => invocation({ tool: `t${from + at}` }));
      await store(org, calls, { epochMs: 1, seq: from });
    }
    // Behind the first, in turn.
    const clone = `INSERT INTO arrivals (org, id, received_ms, bytes, payload)
      SELECT org, first || printf('%08d', 100 + 10 * value + place), received_ms, bytes, payload
      FROM (SELECT *, min(id) OVER () AS first, row_number() OVER (ORDER BY id) AS place
        FROM arrivals WHERE org = ?1),
      (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 110)
        SELECT value FROM n)`;
    await db.prepare(clone).bind(org.org).run();
    const { counting, count } = countingD1();
    await countForRead(counting, org, () => true, true);
    expect(count.regroupings).toBeLessThanOrEqual(1);
  }, 120_000);
});

/** Reports without calls, as they are stored, of an instance each. */
async function storeHeartbeats({ org }: ShardTestOrg, count: number, payloadOfN: string) {
  const sql = `INSERT INTO arrivals (org, id, received_ms, bytes, payload)
    SELECT ?1, '01900000-0000-7000-8000-000000000000' || printf('%08d', n), ?2, length(${payloadOfN}), ${payloadOfN}
    FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?3) SELECT n FROM c)`;
  await db.prepare(sql).bind(org, Date.now(), count).run();
}

describe("A reader of 8,192 reports", () => {
  it("counts all of them though its time is over", async () => {
    const org = await knownOrg();
    const payload = `'["gw-1",1,' || n || ',' || n || ',[],[],[],[],false,[]]'`;
    await storeHeartbeats(org, ARRIVALS_READ_MAX, payload);
    expect((await read(org, true)).dropped).toBe(ARRIVALS_READ_MAX);
  }, 120_000);
});

describe("What is merged", () => {
  it("may be rewritten again with what came later", async () => {
    const org = await makeShardOrg();
    const quotes = '\\"'.repeat(110);
    const payload = `'["${quotes}' || n || '",null,null,null,[],[],[],[],null,[]]'`;
    await storeHeartbeats(org, 5_500, payload);
    expect(await mergeSmall(db, org)).toBe("merged");
    for (let from = 0; from < 7_000; from += 1_000) {
      const calls = Array.from({ length: 1_000 }, (_, at) =>
        invocation({ tool: `t${(from + at) % 3_500}` }),
      );
      await store(org, calls, { epochMs: 1, seq: from });
    }
    await foldAll(strictD1(), org, Date.now, () => false);
    expect(await countRows(org.org, "arrivals")).toBe(0);
  }, 120_000);
});
