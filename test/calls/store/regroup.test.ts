import { describe, expect, it } from "vitest";
import type { Arrival, GroupRow } from "#calls/arrival.ts";
import { foldAll } from "#calls/store/fold/fold.ts";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import { LimitedD1 } from "../../harness/limited-d1.ts";
import {
  countRows,
  db,
  invocation,
  makeShardOrg,
  type ShardTestOrg,
  store,
} from "../../harness/shard-org.ts";

const SERIES = 3_100;
const HOUR = Math.floor(Date.now() / 3_600_000);
const MINUTE = Math.floor(Date.now() / 60_000);

function newUuid(): string {
  return uuid7FromRandom(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
}

/** As a sender's many reports would leave it: nothing else has as many calls in one row. */
async function insertArrival(org: string, seq: number, counts: readonly number[]): Promise<void> {
  const names = counts.map((_, tool): Arrival[4][number] => ["prod", "github", `t${tool}`]);
  const groups = counts.map((count, at): GroupRow => [at, HOUR, 10, 0, count, count, 1, 1]);
  const runs: Arrival[9] = [[MINUTE, groups.length]];
  const arrival: Arrival = ["gw-1", 1, seq, null, names, groups, [], [], null, runs];
  const payload = JSON.stringify(arrival);
  const calls = counts.reduce((sum, count) => sum + count, 0);
  await db
    .prepare(
      `INSERT INTO arrivals (org, id, received_ms, bytes, payload, ids)
        VALUES (?1, ?2, ?3, ?4, ?5, randomblob(?6))`,
    )
    .bind(org, newUuid(), Date.now(), payload.length, payload, 16 * calls)
    .run();
}

async function foldRest(org: ShardTestOrg): Promise<void> {
  await foldAll(new LimitedD1(db).database, org, Date.now, () => false);
}

/** Folds all, and tells how many ids were written down as those of calls that are counted elsewhere. */
async function foldMarking(org: ShardTestOrg): Promise<number> {
  let marked = 0;
  const { database } = new LimitedD1(db);
  const watched = new Proxy(database, {
    get: (target, property) => {
      if (property !== "prepare") return Reflect.get(target, property).bind(target);
      return (sql: string) => {
        const statement = target.prepare(sql);
        if (!sql.includes("INSERT INTO counted_marks")) return statement;
        const { bind } = statement;
        statement.bind = (...values) => {
          const rows = JSON.parse(String(values.at(-1))) as [string, string, string[]][];
          marked += rows.reduce((sum, [, , ids]) => sum + ids.length, 0);
          return bind.apply(statement, values);
        };
        return statement;
      };
    },
  });
  await foldAll(watched, org, Date.now, () => false);
  return marked;
}

async function callsBySeries(org: string): Promise<number[]> {
  const sql = "SELECT ok FROM series WHERE org = ?1 ORDER BY tool";
  const { results } = await db.prepare(sql).bind(org).all<{ ok: number }>();
  return results.map(({ ok }) => ok);
}

describe("A backlog that is regrouped", () => {
  it("counts each call once under its own series, where names are so long that it takes several rows", async () => {
    const org = await makeShardOrg(10_000, 10_000_000);
    const name = "\u{1d11e}".repeat(60);
    const samples = Array.from({ length: SERIES }, (_, tool) => ({
      workspace: name,
      plugin: `p${name}`,
      tool: `${tool}${name}`,
      duration_ms: 1 + tool,
    }));
    for (let round = 0; round < 2; round += 1) {
      for (let start = 0; start < SERIES; start += 500) {
        const some = samples.slice(start, start + 500);
        const calls = [...some, ...some].map((fields) => invocation(fields));
        await store(org, calls, { epochMs: 1, seq: 7 * round + start / 500 });
      }
    }
    await foldRest(org);
    expect(await callsBySeries(org.org)).toEqual(Array(SERIES).fill(4));
    const sql = `SELECT count(*) AS n FROM series WHERE org = ?1
      AND sum_us = 4000 * (1 + CAST(tool AS INTEGER))`;
    expect(await db.prepare(sql).bind(org.org).first("n")).toBe(SERIES);
  }, 60_000);

  it("is folded though a series has more calls than a row holds the ids of", async () => {
    const org = await makeShardOrg();
    const counts = Array.from({ length: SERIES }, (_, tool) => (tool === 7 ? 30_000 : 1));
    for (let seq = 1; seq <= 5; seq += 1) await insertArrival(org.org, seq, counts);
    await foldRest(org);
    expect(await countRows(org.org, "arrivals")).toBe(0);
    const counted = await callsBySeries(org.org);
    expect(counted.toSorted((a, b) => b - a).slice(0, 2)).toEqual([150_000, 5]);
    expect(counted).toHaveLength(SERIES);
  }, 60_000);

  it("is folded in few statements though neighbours have many calls", async () => {
    const org = await makeShardOrg();
    const isHot = (tool: number) => tool === 7 || tool === 8;
    const counts = Array.from({ length: SERIES }, (_, tool) => (isHot(tool) ? 25_000 : 1));
    for (let seq = 1; seq <= 2; seq += 1) await insertArrival(org.org, seq, counts);
    const limited = new LimitedD1(db);
    await foldAll(limited.database, org, Date.now, () => false);
    expect(limited.queries).toBeLessThan(150);
    expect(await countRows(org.org, "arrivals")).toBe(0);
    const counted = await callsBySeries(org.org);
    expect(counted.toSorted((a, b) => b - a).slice(0, 3)).toEqual([50_000, 50_000, 2]);
  }, 60_000);

  it("is folded though its calls have more ids than a row holds, and keeps the ids of all", async () => {
    const org = await makeShardOrg(1);
    const counts = Array.from({ length: SERIES }, () => 10);
    for (let seq = 1; seq <= 5; seq += 1) await insertArrival(org.org, seq, counts);
    const marked = await foldMarking(org);
    expect(await countRows(org.org, "arrivals")).toBe(0);
    const other = await db
      .prepare("SELECT ok FROM series WHERE org = ?1 AND tool = '__other__'")
      .bind(org.org)
      .first<number>("ok");
    expect(other).toBe(5 * 10 * (SERIES - 1));
    expect(marked).toBe(other);
  }, 60_000);
});
