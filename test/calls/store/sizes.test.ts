import { describe, expect, it } from "vitest";
import "#capabilities.ts";
import { foldAll } from "#calls/store/fold/fold.ts";
import { PRUNE_ROWS_MAX, pruneOnce } from "#calls/store/prune.ts";
import { estimateBytes, SIZE_QUERIES } from "#calls/store/sizes.ts";
import { findShardBytes } from "#orgs/store/space-rows.ts";
import { BilledRows } from "../../harness/billed-rows.ts";
import { newId } from "../../harness/new-id.ts";
import {
  countRows,
  db,
  invocation,
  makeShardOrg,
  type ShardTestOrg,
  store,
} from "../../harness/shard-org.ts";
import { watchedD1 } from "../../harness/watched-d1.ts";

const HOUR_MS = 3_600_000;
const NOW_MS = Date.now();

const FULL = {
  actor: "user:alice@acme",
  trace_id: "0af7651916cd43dd8448eb211c80319c",
  span_id: "b7ad6b7169203331",
  session_id: "0b0c35a0-7a5e-4e2f-9a3c-5a5f3a5a5a5a",
  request_id: "0b0c35a0-7a5e-4e2f-9a3c-5a5f3a5a5a5b",
  request_bytes: 120,
  response_bytes: 9_000,
};

type Fields = Parameters<typeof invocation>[0];

function samplesAt(atMs: (index: number) => number, fields: (index: number) => Fields) {
  return Array.from({ length: 500 }, (_, index) => {
    const startedAt = atMs(index);
    return invocation({ id: newId(startedAt), started_at: startedAt, ...fields(index) });
  });
}

/** Ten reports of 500 calls of each of two hours, to both orgs in turn. */
async function fill(
  orgs: readonly ShardTestOrg[],
  atMs: (report: number, index: number) => number,
  fields: (index: number) => Fields,
): Promise<void> {
  for (let report = 0; report < 10; report += 1) {
    for (const org of orgs) {
      await store(
        org,
        samplesAt((index) => atMs(report, index), fields),
      );
    }
  }
  for (const org of orgs) await foldAll(db, org, Date.now, () => false);
}

/** An estimate draws at random where it looks: one may be off by more than many are. */
async function meanEstimate(org: string): Promise<number> {
  let sum = 0;
  for (let drawn = 0; drawn < 9; drawn += 1) sum += await estimateBytes(db, org);
  return sum / 9;
}

const steady = (report: number, index: number) => NOW_MS - 20 * HOUR_MS + report * HOUR_MS + index;

describe("An org's size", () => {
  it.each([
    ["short samples over many hours", steady, () => ({})],
    ["long samples of one moment", () => NOW_MS - HOUR_MS, () => FULL],
    ["samples of 500 series", steady, (index: number) => ({ tool: `tool-${index}` })],
    [
      "failed calls",
      steady,
      (index: number) => ({ ...FULL, outcome: "server_error", error_message: `no ${index}` }),
    ],
  ])(
    "is estimated to a third by nine draws, wherever its samples lie: %s",
    async (_, atMs, fields) => {
      const orgs = [await makeShardOrg(), await makeShardOrg()] as const;
      const before = await findShardBytes(db);
      await fill(orgs, atMs, fields);
      const taken = ((await findShardBytes(db)) - before) / orgs.length;
      for (const { org } of orgs) {
        const part = (await meanEstimate(org)) / taken;
        expect(part).toBeGreaterThan(0.67);
        expect(part).toBeLessThan(1.33);
      }
    },
  );

  it("counts the rollups of many days by some of them, on workdays as on others", async () => {
    const org = await makeShardOrg();
    const before = await findShardBytes(db);
    const today = Math.floor(NOW_MS / (24 * HOUR_MS));
    const hours = Array.from({ length: 70 * 24 }, (_, index) => (today - 70) * 24 + index);
    const workhours = hours.filter((hour) => Math.floor(hour / 24) % 7 < 5);
    await db
      .prepare(
        `INSERT INTO rollups_hourly
         SELECT ?1, h.value, s.value, 9, 0, 0, 0, 0, 0, 1000, 1, 9, jsonb('{"-64":3,"-60":4,"-59":2}')
         FROM json_each(?2) AS h, json_each('[1,2,3,4,5,6,7,8,9,10]') AS s`,
      )
      .bind(org.org, JSON.stringify(workhours))
      .run();
    const taken = (await findShardBytes(db)) - before;
    // A draw may have few of the workdays: the org is measured anew every ten minutes.
    const draws = await Promise.all(Array.from({ length: 24 }, () => estimateBytes(db, org.org)));
    const part = draws.reduce((sum, bytes) => sum + bytes, 0) / draws.length / taken;
    expect(part).toBeGreaterThan(0.67);
    expect(part).toBeLessThan(1.33);
  });

  it("counts the lag of many instances, and what waits for the fold with the ids of its samples", async () => {
    const org = await makeShardOrg();
    const before = await findShardBytes(db);
    const instances = Array.from({ length: 200 }, (_, n) => [`gateway-${n}`, [9, 0, { "-64": 9 }]]);
    await db
      .prepare(
        `INSERT INTO lag_minutes (org, minute, instances)
         SELECT ?1, m.value, jsonb(?3) FROM json_each(?2) AS m`,
      )
      .bind(
        org.org,
        JSON.stringify(Array.from({ length: 600 }, (_, minute) => minute)),
        JSON.stringify(Object.fromEntries(instances)),
      )
      .run();
    const withLag = await findShardBytes(db);
    const lagPart = (await estimateBytes(db, org.org)) / (withLag - before);
    expect(lagPart).toBeGreaterThan(0.67);
    expect(lagPart).toBeLessThan(1.33);
    const waiting = `INSERT INTO arrivals (org, id, received_ms, bytes, payload, ids)
      SELECT ?1, printf('%032d', m.value), 0, 1000, printf('%01000d', 0), zeroblob(8000) FROM json_each(?2) AS m`;
    const numbers = JSON.stringify(Array.from({ length: 1_000 }, (_, number) => number));
    await db.prepare(waiting).bind(org.org, numbers).run();
    const part = (await estimateBytes(db, org.org)) / ((await findShardBytes(db)) - before);
    expect(part).toBeGreaterThan(0.67);
    expect(part).toBeLessThan(1.33);
  });

  it("costs a row a series and a few for what is drawn, in as many queries as it says", async () => {
    const org = await makeShardOrg();
    await fill([org], steady, (index) => ({ tool: `tool-${index % 10}` }));
    const billed = new BilledRows();
    let queries = 0;
    const counted = watchedD1(billed.counting(db), (sql, send) => {
      queries += sql.split(";\n").length;
      return send();
    });
    await estimateBytes(counted, org.org);
    expect(queries).toBe(SIZE_QUERIES);
    expect(billed.take().rowsRead).toBeLessThan(500);
    expect(await estimateBytes(db, "nobody")).toBe(0);
  });

  it("counts samples by totals and prunings: to the one, after chunks and again", async () => {
    const org = await makeShardOrg();
    await fill([org], steady, () => ({}));
    await store(
      org,
      samplesAt(
        (index) => NOW_MS - index,
        () => ({ outcome: "idempotent_replay" }),
      ),
    );
    await foldAll(db, org, Date.now, () => false);
    const counted = `SELECT (SELECT sum(ok + idempotent_replay) FROM series WHERE org = ?1)
      - samples_pruned AS n FROM orgs WHERE org = ?1`;
    for (const hours of [21, 15, 15, 12, 0]) {
      const cutoffs = {
        samplesBeforeMs: NOW_MS - hours * HOUR_MS,
        hoursBefore: 0,
        daysBefore: 0,
        minutesBefore: 0,
        quartersBefore: 0,
      };
      while (!(await pruneOnce(db, org.org, cutoffs))) expect(PRUNE_ROWS_MAX).toBe(5_000);
      const left = await countRows(org.org, "tool_invocations");
      expect(await db.prepare(counted).bind(org.org).first("n")).toBe(left);
    }
  });
});
