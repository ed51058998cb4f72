import { describe, expect, it } from "vitest";
import { pruneOnce } from "#calls/store/prune.ts";
import { effectiveRetention } from "#orgs/retention.ts";
import { correctMark, findMarkCorrection } from "#orgs/store/pruned-mark.ts";
import { findShardOrg } from "#orgs/store/shard-orgs.ts";
import { db, invocation, makeShardOrg, store } from "../harness/shard-org.ts";

const HOUR_MS = 3_600_000;
const FAR_MS = 90_000 * HOUR_MS;
const NOTHING = { hoursBefore: 0, daysBefore: 0, minutesBefore: 0, quartersBefore: 0 };
const retention = effectiveRetention("community", {});

type TestOrg = Awaited<ReturnType<typeof makeShardOrg>>;

function prune({ org }: TestOrg, samplesBeforeMs: number): Promise<boolean> {
  return pruneOnce(db, org, { ...NOTHING, samplesBeforeMs });
}

const find = ({ org }: TestOrg, nowMs: number) => findMarkCorrection(db, { org, retention }, nowMs);

async function markOf({ org }: TestOrg): Promise<number> {
  return (await findShardOrg(db, org))?.prunedBeforeMs ?? 0;
}

describe("The mark below which samples are refused", () => {
  it("comes down to behind the newest sample that was pruned, in however many chunks", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    const ages = [3, 2, 1].map((hours) => nowMs - hours * HOUR_MS);
    await store(
      org,
      ages.map((started_at) => invocation({ started_at })),
    );
    await prune(org, nowMs - 2.5 * HOUR_MS);
    await prune(org, nowMs + FAR_MS);
    const correction = await find(org, nowMs);
    expect(correction).toEqual({ fromMs: nowMs + FAR_MS, toMs: ages[2]! + 1 });
    expect(await correctMark(db, org.org, correction!)).toBe(true);
    expect(await markOf(org)).toBe(ages[2]! + 1);
    expect(await find(org, nowMs)).toBeNull();
  });

  it("comes down to where retention ends, where all that was pruned is older", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    const old = invocation({ started_at: nowMs - 60 * HOUR_MS }, nowMs - 60 * HOUR_MS);
    await store(org, [old]);
    await prune(org, nowMs + FAR_MS);
    expect((await find(org, nowMs))?.toMs).toBe(nowMs - 48 * HOUR_MS);
  });

  it("has nothing to correct where retention put it, however long that is by now", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    const old = invocation({ started_at: nowMs - 60 * HOUR_MS }, nowMs - 60 * HOUR_MS);
    await store(org, [old]);
    await prune(org, nowMs - 26 * HOUR_MS);
    expect(await find(org, nowMs)).toBeNull();
    expect(await find(await makeShardOrg(), nowMs)).toBeNull();
  });

  it("stays ahead where samples of that time were pruned: none is to be counted twice", async () => {
    const org = await makeShardOrg();
    const [nowMs, farMs] = [Date.now(), Date.now() + FAR_MS];
    await store(org, [invocation({ started_at: farMs }, farMs)]);
    await prune(org, farMs + HOUR_MS);
    expect(await find(org, nowMs)).toEqual({ fromMs: farMs + HOUR_MS, toMs: farMs + 1 });
  });

  it("is not corrected by what was decided before another pruning", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    await store(org, [invocation({ started_at: nowMs - HOUR_MS })]);
    await prune(org, nowMs + FAR_MS);
    const correction = await find(org, nowMs);
    const [{ id: first }, { id: next }] = [
      invocation({ started_at: nowMs - HOUR_MS }),
      invocation(),
    ];
    const newest = "UPDATE orgs SET newest_pruned_id = ?2 WHERE org = ?1";
    // The next chunk of the same pruning: the mark is what it was.
    await db.prepare(newest).bind(org.org, next).run();
    expect(await correctMark(db, org.org, correction!)).toBe(false);
    await db.prepare(newest).bind(org.org, first).run();
    // Of the time between, and pruned by a clock that is still ahead.
    const farMs = nowMs + FAR_MS + HOUR_MS;
    await store(org, [invocation({ started_at: farMs }, farMs)]);
    await prune(org, farMs + HOUR_MS);
    expect(await correctMark(db, org.org, correction!)).toBe(false);
    expect(await markOf(org)).toBe(farMs + HOUR_MS);
  });

  it("is taken for that of a sample, where it is older than what is known of the newest", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    const upgraded = `UPDATE orgs SET pruned_before_ms = ?2,
      newest_pruned_id = printf('%08x-%04x-7000-8000-000000000000', ?2 >> 16, ?2 & 65535)
      WHERE org = ?1`;
    await db
      .prepare(upgraded)
      .bind(org.org, nowMs + FAR_MS)
      .run();
    expect(await find(org, nowMs)).toBeNull();
  });
});
