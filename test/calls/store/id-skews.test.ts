import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { findCalls } from "#calls/store/find-calls.ts";
import { pruneIdSkews } from "#calls/store/id-skews.ts";
import { insertReports } from "#calls/store/insert-calls.ts";
import { BilledRows } from "../../harness/billed-rows.ts";
import { manySamples } from "../../harness/many-samples.ts";
import { newId } from "../../harness/new-id.ts";
import {
  countRows,
  db,
  header,
  invocation,
  makeShardOrg,
  type ShardTestOrg,
  store,
} from "../../harness/shard-org.ts";

const HOUR_MS = 3_600_000;
const NAME = "0020_id_skew.sql";

/** A call whose id lies so far from its start. */
const skewed = (startedAtMs: number, skewMs: number) =>
  invocation({ started_at: startedAtMs, id: newId(startedAtMs + skewMs) });

async function idsOf(org: string, fromMs: number, toMs: number): Promise<string[]> {
  const query = { filter: { fromMs, toMs }, order: "desc", limit: 100, afterId: null } as const;
  return (await findCalls(db, org, query)).calls.map(({ id }) => id);
}

async function rowsWrittenBy(org: ShardTestOrg, calls: Parameters<typeof store>[1]) {
  const rows = new BilledRows();
  await insertReports(rows.counting(db), org, [{ header: header(), calls }]);
  return rows.take().rowsWritten;
}

describe("An org's id skew", () => {
  it("costs no row of ids that are of their calls' starts, and one only where it is exceeded", async () => {
    const org = await makeShardOrg();
    const nowMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
    const written: number[] = [];
    for (const skewMs of [0, 500, 400, 500, 600, -10, -10]) {
      written.push(await rowsWrittenBy(org, [skewed(nowMs, skewMs)]));
    }
    const [plain = 0] = written;
    expect(written.map((rows) => rows - plain)).toEqual([0, 1, 0, 0, 1, 1, 0]);
  });

  it("of one hour widens no other's: after a wild id, a minute is a seek again", async () => {
    const org = await makeShardOrg();
    const endMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
    await manySamples(org.org, { count: 5_000, endMs, gapMs: 5_000 });
    await store(org, [skewed(endMs - 6 * HOUR_MS, HOUR_MS)]);
    const rowsOf = async (toMs: number) => {
      const rows = new BilledRows();
      const filter = { fromMs: toMs - 60_000, toMs };
      const query = { filter, order: "desc", limit: 100, afterId: null } as const;
      expect((await findCalls(rows.counting(db), org.org, query)).calls).toHaveLength(12);
      return rows.take().rowsRead;
    };
    expect(await rowsOf(endMs - 3 * HOUR_MS)).toBeLessThanOrEqual(100);
    expect(await rowsOf(endMs - 5.5 * HOUR_MS)).toBeGreaterThan(700);
  });

  it("loses no acknowledged call from a list, while others raise it", async () => {
    const org = await makeShardOrg();
    const hourMs = Math.floor(Date.now() / HOUR_MS - 3) * HOUR_MS;
    const skews = Array.from({ length: 24 }, (_, at) => (at % 2 === 0 ? 1 : -1) * 150_000 * at);
    await Promise.all(
      skews.map(async (skewMs, at) => {
        const startedAtMs = hourMs + at;
        const sample = skewed(startedAtMs, skewMs);
        await store(org, [sample, skewed(hourMs + HOUR_MS / 2, skewMs)]);
        expect(await idsOf(org.org, startedAtMs, startedAtMs + 1)).toEqual([sample.id]);
      }),
    );
  });

  it("is not raised by what a deleted org is sent", async () => {
    const org = await makeShardOrg();
    await db.prepare("UPDATE orgs SET state = 'deleted' WHERE org = ?1").bind(org.org).run();
    expect(
      await insertReports(db, org, [{ header: header(), calls: [skewed(Date.now(), 5_000)] }]),
    ).toMatchObject({
      kind: "org_gone",
    });
    expect(await countRows(org.org, "id_skews")).toBe(0);
  });

  it("is kept as long as a call of its hour is", async () => {
    const org = await makeShardOrg();
    const hourMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
    const kept = skewed(hourMs - 5 * HOUR_MS, HOUR_MS);
    await store(org, [kept, skewed(hourMs - 20 * HOUR_MS, -HOUR_MS)]);
    await pruneIdSkews(db, org.org, hourMs);
    expect(await countRows(org.org, "id_skews")).toBe(2);
    await db
      .prepare("DELETE FROM tool_invocations WHERE org = ?1 AND id <> ?2")
      .bind(org.org, kept.id)
      .run();
    await pruneIdSkews(db, org.org, hourMs);
    expect(await idsOf(org.org, hourMs - 5 * HOUR_MS, hourMs - 5 * HOUR_MS + 1)).toEqual([kept.id]);
    expect(await countRows(org.org, "id_skews")).toBe(1);
    await db.prepare("DELETE FROM tool_invocations WHERE org = ?1").bind(org.org).run();
    await pruneIdSkews(db, org.org, hourMs);
    expect(await countRows(org.org, "id_skews")).toBe(0);
  });

  it("is an hour for calls of before the migration, which are found", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    const calls = [HOUR_MS, -HOUR_MS, 0].flatMap((skewMs) =>
      [0, 1, 30, 700].map((hours) => {
        const startedAtMs = nowMs - hours * HOUR_MS;
        return { ...invocation(), startedAtMs, id: newId(startedAtMs + skewMs) };
      }),
    );
    await store(org, calls);
    await db.prepare("DROP TABLE id_skews").run();
    const migrations = (env as unknown as { SHARD_MIGRATIONS: D1Migration[] }).SHARD_MIGRATIONS;
    const { queries } = migrations.find(({ name }) => name === NAME)!;
    for (const query of queries) await db.prepare(query).run();
    for (const { id, startedAtMs } of calls) {
      expect(await idsOf(org.org, startedAtMs, startedAtMs + 1)).toContain(id);
    }
  });
});

interface D1Migration {
  name: string;
  queries: string[];
}
