import { describe, expect, it } from "vitest";
import { foldJob } from "#calls/fold-job.ts";
import { countForRead } from "#calls/store/fold/count-for-read.ts";
import { foldAll, foldOnce } from "#calls/store/fold/fold.ts";
import { mergeSmall } from "#calls/store/fold/merge-small.ts";
import { readChanges } from "#calls/store/read-changes.ts";
import { workerEnv } from "../../harness/deployment.ts";
import {
  countRows,
  db,
  invocation,
  makeShardOrg,
  type ShardTestOrg,
  store,
} from "../../harness/shard-org.ts";
import { watchedD1 } from "../../harness/watched-d1.ts";
import { read } from "./pending-reads.ts";

const HOUR_MS = 3_600_000;
const foldRest = (org: ShardTestOrg) => foldAll(db, org, Date.now, () => false);
const arrivalsOf = ({ org }: ShardTestOrg) => countRows(org, "arrivals");

/** Its arrival is larger than what is merged. */
const large = () =>
  Array.from({ length: 600 }, (_, at) =>
    invocation({
      duration_ms: 1.1 ** (at % 150) / 10,
      started_at: Date.now() - Math.floor(at / 150) * 60_000,
    }),
  );

describe("Merging around a large arrival", () => {
  it("never lowers what an instance says it dropped", async () => {
    const org = await makeShardOrg();
    for (const epochMs of [2, 3, 4]) await store(org, [invocation()], { epochMs, seq: 0 });
    await foldRest(org);
    await store(org, [invocation()], { epochMs: 4, seq: 1 });
    await store(org, large(), { epochMs: 1, seq: 9, dropped: 5 });
    for (let seq = 0; seq < 64; seq += 1) await store(org, [], { epochMs: 5, seq });
    const before = await read(org);
    expect(before.dropped).toBe(5);
    expect(await mergeSmall(db, org)).toBe("merged");
    expect(await arrivalsOf(org)).toBe(3);
    expect(await read(org)).toEqual(before);
    await foldRest(org);
    expect(await read(org)).toEqual(before);
  });

  it("never makes an instance depart that came back after its goodbye", async () => {
    const org = await makeShardOrg();
    await store(org, [invocation()], { isFinal: false });
    await foldRest(org);
    await store(org, [invocation()], { isFinal: false });
    await store(org, large(), { isFinal: true });
    for (let seq = 0; seq < 64; seq += 1) await store(org, [invocation()], { isFinal: false });
    expect((await read(org)).departed).toBe(0);
    expect(await mergeSmall(db, org)).toBe("merged");
    expect((await read(org)).departed).toBe(0);
  });
});

describe("A reader whose time is over at once", () => {
  it("counts the reports that an earlier one counted, though all was regrouped in between", async () => {
    const org = await makeShardOrg();
    const startedAt = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - HOUR_MS / 2;
    const long = "n".repeat(60);
    const callOf = (tool: number) =>
      invocation({ tool: `tool-${tool}`, workspace: long, plugin: long, started_at: startedAt });
    const report = (from: number, count: number, fields: object) =>
      store(
        org,
        Array.from({ length: count }, (_, at) => callOf((from + at) % 6_000)),
        fields,
      );
    for (let from = 0; from < 6_000; from += 1_000) await report(from, 1_000, { epochMs: 1 });
    await report(0, 1, { instance: "gw-2", epochMs: 1, seq: 0, dropped: 0 });
    await foldRest(org);
    await report(0, 10, { epochMs: 1, seq: 1 });
    await report(10, 90, { instance: "gw-2", epochMs: 1, seq: 1, dropped: 7 });
    const before = await read(org);
    expect(before).toMatchObject({ calls: 6_101, lags: 6_101, dropped: 7 });
    // Behind it comes much more; another reader, or a tick, regroups all of it.
    for (let at = 0; at < 12; at += 1) await report(at * 1_000, 1_000, { epochMs: 1, seq: 2 + at });
    expect(await foldOnce(db, org, Date.now())).toBe("folded");
    const after = await read(org, true);
    expect(after.calls).toBeGreaterThanOrEqual(before.calls);
    expect(after.lags).toBeGreaterThanOrEqual(before.lags);
    expect(after.dropped).toBeGreaterThanOrEqual(before.dropped);
  }, 120_000);

  it("counts what an earlier one counted, though a megabyte came while what was before it was merged", async () => {
    const org = await makeShardOrg();
    await store(org, [invocation()], { epochMs: 1, seq: 0 });
    await foldRest(org);
    for (let seq = 1; seq <= 64; seq += 1) await store(org, [], { epochMs: 1, seq });
    await store(org, large(), { epochMs: 1, seq: 65, dropped: 3 });
    const before = await read(org);
    expect(before).toMatchObject({ calls: 601, dropped: 3 });
    const long = "n".repeat(70);
    let arrived = 0;
    // They come between a tick's look and its merging.
    const racing = watchedD1(db, async (sql, send, isBatch) => {
      if (isBatch && sql.includes("bytes <= 8192") && arrived === 0) {
        for (; arrived < 300; arrived += 1) {
          const calls = Array.from({ length: 22 }, (_, at) =>
            invocation({ tool: `t-${arrived * 22 + at}`, workspace: long, plugin: long }),
          );
          await store(org, calls, { epochMs: 1, seq: 100 + arrived });
        }
      }
      return send();
    });
    const env = { ...workerEnv, SHARD_0: racing };
    await foldJob.step({ env, shard: "SHARD_0" } as never, org);
    expect(await arrivalsOf(org)).toBe(302);
    const after = await read(org, true);
    expect(after.dropped).toBeGreaterThanOrEqual(before.dropped);
    expect(after.calls).toBeGreaterThanOrEqual(before.calls);
  }, 120_000);
});

describe("What is pending is told as a fold tells it", () => {
  it("of an instance that is called __other__, which has no drops of its own", async () => {
    const org = await makeShardOrg();
    const other = { instance: "__other__", epochMs: 1, isFinal: false };
    await store(org, [invocation()], { ...other, seq: 0, dropped: 1 });
    await foldRest(org);
    await store(org, [invocation()], { ...other, seq: 1, dropped: 5 });
    const added = await read(org);
    await foldRest(org);
    expect(added).toEqual(await read(org));
  });

  it("of an instance that a clock which was ahead has seen in the future", async () => {
    const org = await makeShardOrg();
    await store(org, [invocation()], { epochMs: 1, seq: 0 });
    await foldRest(org);
    await db
      .prepare("UPDATE instances SET last_report_ms = last_report_ms + 7200000 WHERE org = ?1")
      .bind(org.org)
      .run();
    await store(org, [invocation()], { epochMs: 1, seq: 1 });
    const added = await read(org);
    await foldRest(org);
    expect(added).toEqual(await read(org));
  });
});

describe("Marks", () => {
  it("are set of all samples that have ids: an arrival that has none is not merged", async () => {
    const org = await makeShardOrg(0);
    for (let seq = 0; seq < 65; seq += 1)
      await store(org, [invocation({ tool: `t${seq}` })], { epochMs: 1, seq });
    await db
      .prepare(
        "UPDATE arrivals SET ids = NULL WHERE org = ?1 AND id = (SELECT min(id) FROM arrivals WHERE org = ?1)",
      )
      .bind(org.org)
      .run();
    expect(await mergeSmall(db, org)).toBe("merged");
    await foldRest(org);
    const sql =
      "SELECT count(*) AS n FROM tool_invocations WHERE org = ?1 AND counted_as = '__other__'";
    expect(await db.prepare(sql).bind(org.org).first("n")).toBe(64);
  });
});

describe("Whoever asks whether there is anything new", () => {
  it("is told of a report that was received in the same millisecond as the one before", async () => {
    const org = await makeShardOrg();
    await store(org, [invocation()], { epochMs: 1, seq: 0 });
    const receivedAtMs = Date.now() + 5_000;
    await foldRest(org);
    await store(org, [invocation()], { receivedAtMs, epochMs: 1, seq: 1 });
    const one = await readChanges(db, org.org);
    const counted = await read(org);
    await store(org, [invocation()], { receivedAtMs, epochMs: 1, seq: 2 });
    expect((await read(org)).calls).toBeGreaterThan(counted.calls);
    expect(await readChanges(db, org.org)).not.toEqual(one);
  });
});

describe("One report that a clock ahead has dated", () => {
  it("does not make readers fold all that comes after it", async () => {
    const org = await makeShardOrg();
    await store(org, [invocation()], { epochMs: 1, seq: 0 });
    await foldRest(org);
    await store(org, [invocation()], {
      receivedAtMs: Date.now() + HOUR_MS,
      epochMs: 1,
      seq: 1,
    });
    await foldRest(org);
    await store(org, [invocation()], { epochMs: 1, seq: 2 });
    await countForRead(db, org, () => false, true);
    expect(await arrivalsOf(org)).toBe(1);
  });
});
