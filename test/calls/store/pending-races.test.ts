import { describe, expect, it } from "vitest";
import type { Arrival, ArrivalName, GroupRow, MinuteRun } from "#calls/arrival.ts";
import type { Pending } from "#calls/figures/pending.ts";
import { foldedOrg, readFigures } from "#calls/figures/read-figures.ts";
import { foldJob } from "#calls/fold-job.ts";
import { countForRead, findFolds } from "#calls/store/fold/count-for-read.ts";
import { foldAll, foldOnce } from "#calls/store/fold/fold.ts";
import { mergeSmall } from "#calls/store/fold/merge-small.ts";
import { findOrg } from "#orgs/store/orgs.ts";
import { ingest, makeSample, metricSum, scrape } from "../../harness/calls.ts";
import { workerEnv } from "../../harness/deployment.ts";
import { newId } from "../../harness/new-id.ts";
import { makeOrg } from "../../harness/orgs.ts";
import { seeded } from "../../harness/random-calls.ts";
import {
  countRows,
  db,
  header,
  invocation,
  makeShardOrg,
  type ShardTestOrg,
  store,
} from "../../harness/shard-org.ts";
import { type Fault, faultyD1, watchedD1 } from "../../harness/watched-d1.ts";
import { snapshotWith, WANTS } from "./pending-reads.ts";

const place = { env: workerEnv, shard: "SHARD_0" } as never;
/** What a scrape counts of each series of an org that the shard alone knows, by what is pending. */
async function countsWith(org: ShardTestOrg, pending: Pending): Promise<number[]> {
  const snapshot = await snapshotWith(org, pending);
  return snapshot.series.map(({ outcomes }) => outcomes.reduce((a, b) => a + b));
}

const sumOfCounts = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);

/** None of the series counts less, which are listed by number. */
function expectNoneFell(counts: readonly number[], before: readonly number[]): void {
  expect(before.filter((count, series) => (counts[series] ?? 0) < count)).toEqual([]);
}

describe("Readers that add what is pending", () => {
  it("count all that was acknowledged, and each call once, while 32 write, others fold and merge, and some die", async () => {
    const org = await makeOrg();
    const folded = foldedOrg((await findOrg(workerEnv.DIRECTORY, org))!);
    const random = seeded(11);
    const tools = Array.from({ length: 40 }, (_, tool) => `t${tool}`);
    await ingest(
      org,
      tools.map((tool) => makeSample({ tool })),
    );
    let sent = tools.length;
    let acknowledged = tools.length;
    let isOver = false;
    const write = async (writer: number) => {
      for (let seq = 0; seq < 12; seq += 1) {
        const size = 1 + Math.floor(random() * 5);
        const samples = Array.from({ length: size }, (_, index) =>
          makeSample({
            tool:
              random() < 0.01 ? `new-${writer}-${seq}-${index}` : tools[Math.floor(random() * 40)],
          }),
        );
        sent += size;
        await ingest(org, samples, {
          instance_id: `gw-${writer % 4}`,
          epoch: 1,
          seq: writer * 12 + seq,
        });
        acknowledged += size;
      }
    };
    const scraped = async () => {
      let last = 0;
      for (let rounds = 0; !isOver || rounds < 3; rounds += 1) {
        const least = acknowledged;
        const page = await scrape(org);
        const counted = metricSum(page, "mcpg_tool_invocations_total");
        expect(counted).toBeGreaterThanOrEqual(Math.max(least, last));
        expect(counted).toBeLessThanOrEqual(sent);
        expect(metricSum(page, "mcpg_ingest_lag_seconds_count")).toBe(counted);
        last = counted;
      }
    };
    const faults: Fault[] = [null, "before", null, "after", null, null];
    const dying = faultyD1(db, (batch) => faults[batch % faults.length]!);
    const folding = async () => {
      while (!isOver) {
        await foldOnce(dying, folded, Date.now()).catch(() => undefined);
        await mergeSmall(dying, folded).catch(() => undefined);
        await foldJob.step(place, folded);
      }
    };
    const writing = Promise.all(Array.from({ length: 32 }, (_, writer) => write(writer))).finally(
      () => {
        isOver = true;
      },
    );
    await Promise.all([writing, scraped(), scraped(), scraped(), folding()]);
    expect(metricSum(await scrape(org), "mcpg_tool_invocations_total")).toBe(sent);
    await foldAll(db, folded, Date.now, () => false);
    expect(await countRows(org, "tool_invocations")).toBe(sent);
    expect(metricSum(await scrape(org), "mcpg_tool_invocations_total")).toBe(sent);
  }, 60_000);

  it("read again where something is folded between what they add and what is stored", async () => {
    const org = await makeOrg();
    const folded = foldedOrg((await findOrg(workerEnv.DIRECTORY, org))!);
    await ingest(org, [makeSample()]);
    await scrape(org);
    await ingest(org, [makeSample(), makeSample()]);
    let folds = 0;
    const racing = watchedD1(db, async (sql, send) => {
      if (sql.includes("FROM series WHERE org = ?1 AND last_seen_ms") && folds++ === 0) {
        await foldAll(db, folded, Date.now, () => false);
      }
      return send();
    });
    const found = (await findOrg(workerEnv.DIRECTORY, org))!;
    const families = await readFigures(
      { ...workerEnv, SHARD_0: racing },
      found,
      WANTS,
      () => false,
    );
    const calls = families.find(({ name }) => name === "mcpg_tool_calls_total")!;
    expect([...calls.points].map((point) => (point as { value: number }).value)).toEqual([3]);
    expect(folds).toBeGreaterThan(1);
  });

  it("never count less than one before did, though the time of the later ones is over at once", async () => {
    const org = await makeShardOrg();
    const known = Array.from({ length: 3_200 }, (_, tool) => ({ tool: `tool-${tool}` }));
    const report = async (fields: object[], seq: number) =>
      store(
        org,
        fields.map((one) => invocation(one as never)),
        { epochMs: 1, seq },
      );
    for (let start = 0; start < 3_200; start += 800)
      await report(known.slice(start, start + 800), start);
    await foldAll(db, org, Date.now, () => false);
    await report(known.slice(0, 700), 5_000);
    const before = await countForRead(db, org, () => false, true);
    expect(before.series.size).toBe(700);
    let last = await countsWith(org, before);
    expect(sumOfCounts(last)).toBe(3_900);
    // Behind it comes much more, of names that are new too, so that all of it is regrouped first.
    for (let round = 0; round < 5; round += 1) {
      for (let start = 0; start < 3_200; start += 800) {
        const long = `${"n".repeat(100)}${round % 2}`;
        await report(known.slice(start, start + 800), 6_000 + round * 3_200 + start);
        await report(
          known
            .slice(start, start + 800)
            .map(({ tool }) => ({ tool, workspace: long, plugin: long })),
          20_000 + round * 3_200 + start,
        );
      }
    }
    while ((await countRows(org.org, "arrivals")) > 0) {
      const pending = await countForRead(db, org, () => true, true);
      expect(await findFolds(db, org.org)).toBeGreaterThan(0);
      const counted = await countsWith(org, pending);
      expectNoneFell(counted, last);
      last = counted;
      await foldOnce(db, org, Date.now());
    }
    expect(sumOfCounts(last)).toBeLessThanOrEqual(3_900 + 5 * 6_400);
  }, 60_000);
});

describe("A backlog that is regrouped", () => {
  const SERIES = 6_100;
  const HOUR = Math.floor(Date.now() / 3_600_000);
  const MINUTE = Math.floor(Date.now() / 60_000);
  const names = Array.from(
    { length: SERIES },
    (_, tool): ArrivalName => ["prod", "github", `t${tool}`],
  );

  /** Of each series so many calls, of different durations. */
  async function report({ org }: ShardTestOrg, seq: number, calls: number): Promise<void> {
    const groups = names.flatMap((_, series) =>
      Array.from({ length: calls }, (_, at): GroupRow => [series, HOUR, 10 + at, 0, 1_000 + at]),
    );
    const runs: MinuteRun[] = [[MINUTE, groups.length]];
    const arrival: Arrival = ["gw-1", 1, seq, null, names, groups, [], [], null, runs];
    const payload = JSON.stringify(arrival);
    const id = newId(Date.now() + seq);
    await db
      .prepare(
        "INSERT INTO arrivals (org, id, received_ms, bytes, payload) VALUES (?1, ?2, ?3, ?4, ?5)",
      )
      .bind(org, id, Date.now(), payload.length, payload)
      .run();
  }

  it("counts whole for a reader whose time is over, where it holds what one before counted", async () => {
    const org = await makeShardOrg();
    await report(org, 0, 1);
    await foldAll(db, org, Date.now, () => false);
    await report(org, 1, 1);
    let last = await countsWith(org, await countForRead(db, org, () => false, true));
    expect(last).toEqual(Array(SERIES).fill(2));
    for (let seq = 2; seq < 7; seq += 1) await report(org, seq, 5);
    // Counts the oldest, then regroups.
    for (let turn = 0; turn < 2; turn += 1) await foldOnce(db, org, Date.now());
    for (;;) {
      const pending = await countForRead(db, org, () => true, true);
      const counted = await countsWith(org, pending);
      expectNoneFell(counted, last);
      last = counted;
      if ((await foldOnce(db, org, Date.now())) === "empty") break;
    }
    expect(last).toEqual(Array(SERIES).fill(27));
  }, 60_000);
});

describe("An arrival", () => {
  it("stands behind all that came before it, whatever the clock that dates it says", async () => {
    const org = await makeShardOrg();
    const nowMs = Date.now();
    for (const [seq, aheadMs] of [0, 5_000, -5_000, 90_000, 0, -90_000, 1].entries()) {
      const calls = [invocation({}, nowMs)];
      await store(org, calls, header({ receivedAtMs: nowMs + aheadMs, epochMs: 1, seq }));
    }
    const sql = "SELECT payload ->> 2 AS seq FROM arrivals WHERE org = ?1 ORDER BY id";
    const seqs = async () => {
      const { results } = await db.prepare(sql).bind(org.org).all<{ seq: number }>();
      return results.map(({ seq }) => seq);
    };
    expect(await seqs()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    await Promise.all(
      Array.from({ length: 70 }, (_, at) =>
        store(
          org,
          [invocation()],
          header({ receivedAtMs: nowMs + (at % 7) * 1_000, epochMs: 1, seq: 100 + at }),
        ),
      ),
    );
    expect(await mergeSmall(db, org)).toBe("merged");
    await store(
      org,
      [invocation()],
      header({ receivedAtMs: nowMs - 99_000, epochMs: 1, seq: 500 }),
    );
    // Of those before, which are dated minutes apart, none is merged.
    expect(await seqs()).toEqual([0, 1, 2, 3, 4, 5, null, 500]);
  });
});
