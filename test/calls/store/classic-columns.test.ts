import type { D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { CLASSIC_COUNTS } from "#calls/store/fold/classic-columns.ts";
import { foldAll } from "#calls/store/fold/fold.ts";
import { CLASSIC_BOUNDS_SECONDS, upperBoundSeconds } from "#formats/exponential-histogram.ts";
import { randomSource } from "../../harness/load.ts";
import { db, invocation, makeShardOrg, store } from "../../harness/shard-org.ts";

const { SHARD_MIGRATIONS } = env as unknown as { SHARD_MIGRATIONS: D1Migration[] };
const MIGRATION = SHARD_MIGRATIONS.find(({ name }) => name.includes("created_and_bounds"));

/** Of each accepted size: none, a microsecond, each bound and what is next to it, and any between. */
function durationsMs(): number[] {
  const random = randomSource(11);
  const atBounds = CLASSIC_BOUNDS_SECONDS.flatMap((bound) => {
    const us = Math.floor(bound * 1e6);
    return [us - 1, us, us + 1].map((near) => Math.min(near / 1e3, 86_400_000));
  });
  const between = Array.from({ length: 200 }, () => 1e-3 * 2 ** (random() * 36.3));
  return [0, 0.001, 0.3, 300_000, 86_400_000, ...atBounds, ...between];
}

async function fill(): Promise<{ org: string; sentMs: number[] }> {
  const org = await makeShardOrg();
  const sentMs = durationsMs();
  await store(
    org,
    sentMs.map((duration_ms) => invocation({ duration_ms })),
  );
  await store(org, [invocation({ tool: "replayed", outcome: "idempotent_replay" })]);
  await foldAll(db, org, Date.now, () => false);
  return { org: org.org, sentMs };
}

async function rowsOf(org: string) {
  const { results } = await db
    .prepare("SELECT * FROM series WHERE org = ?1 ORDER BY series")
    .bind(org)
    .all<Record<string, unknown>>();
  return results;
}

/** Cumulative, at each bound. */
async function cumulativeOf(org: string): Promise<number[]> {
  const counts = await db
    .prepare(
      `SELECT ${CLASSIC_COUNTS} AS counts FROM series WHERE org = ?1 AND tool = 'list_repos'`,
    )
    .bind(org)
    .first<string>("counts");
  let sum = 0;
  return (JSON.parse(counts ?? "") as number[]).map((count) => (sum += count));
}

/** The database as it was before the migration, and then migrated. */
async function migrateAnew(): Promise<void> {
  const columns = await db
    .prepare(
      "SELECT name FROM pragma_table_info('series') WHERE name GLOB 'le_*_*' OR name = 'created_ms'",
    )
    .all<{ name: string }>();
  for (const { name } of columns.results) await db.exec(`ALTER TABLE series DROP COLUMN ${name}`);
  await db.exec("ALTER TABLE instances DROP COLUMN created_ms");
  expect(columns.results).toHaveLength(8);
  await db.batch((MIGRATION?.queries ?? []).map((query) => db.prepare(query)));
}

describe("the columns of classic buckets", () => {
  it("count every accepted duration exactly, at each bound", async () => {
    const { org, sentMs } = await fill();
    const expected = [...CLASSIC_BOUNDS_SECONDS, Number.POSITIVE_INFINITY].map(
      (bound) => sentMs.filter((ms) => Math.round(ms * 1e3) <= bound * 1e6).length,
    );
    expect(await cumulativeOf(org)).toEqual(expected);
    expect(Math.max(...CLASSIC_BOUNDS_SECONDS)).toBeGreaterThanOrEqual(86_400);
  });

  it("hold after the migration exactly what the fold would have counted, and no bucket goes down", async () => {
    const { org } = await fill();
    const [before, cumulative] = [await rowsOf(org), await cumulativeOf(org)];
    await migrateAnew();
    const after = await rowsOf(org);
    expect(await cumulativeOf(org)).toEqual(cumulative);
    const withoutTimes = (rows: Record<string, unknown>[]) =>
      rows.map(({ created_ms: _, ...row }) => row);
    expect(withoutTimes(after)).toEqual(withoutTimes(before));
    expect(after.map(({ created_ms }) => created_ms)).toEqual([null, null]);
  });

  it("still count exactly at the bounds that there were, where a Worker from before folded", async () => {
    const { org } = await fill();
    const cumulative = await cumulativeOf(org);
    // A call of 0.3 ms and one of 300 s, as that Worker would add them.
    await db
      .prepare(
        `UPDATE series SET ok = ok + 2, le_0 = le_0 + 1, le_15 = le_15 + 1 WHERE org = ?1 AND tool = 'list_repos'`,
      )
      .bind(org)
      .run();
    const later = await cumulativeOf(org);
    const added = later.map((count, bucket) => count - (cumulative[bucket] ?? 0));
    const first = CLASSIC_BOUNDS_SECONDS.indexOf(2 ** -8);
    expect(added.slice(first, first + 15)).toEqual(new Array(15).fill(1));
    expect(added.every((count) => count >= 0)).toBe(true);
    expect([added[0], added.at(-1)]).toEqual([0, 2]);
    expect(upperBoundSeconds(16 * -8)).toBe(CLASSIC_BOUNDS_SECONDS[first]);
  });
});
