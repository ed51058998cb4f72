import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LogAddress } from "#audit/audit-log.ts";
import { ANY_EVENT } from "#audit/entry-filter.ts";
import { beginOnDayZero, DAY_MS } from "./calendar.ts";
import { doctor } from "./doctored.ts";
import { announce, runScrub, termsAt } from "./run-pruning.ts";
import { append, inLedger, ledgerOf, makeEvent, makeEvents, newLog, sign } from "./test-log.ts";

beginOnDayZero();
// That an index was mended is logged.
beforeEach(() => {
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.restoreAllMocks();
});

const run = (query: string) => (sql: SqlStorage) => void sql.exec(query);

/** What a search by time, by id and by values finds. */
async function found(log: LogAddress): Promise<number[]> {
  const page = { behind: null, limit: 1_000 };
  const from = "2020-01-01T00:00:00.000Z";
  const to = "2020-01-02T00:00:00.000Z";
  const byTime = await ledgerOf(log).search({ ...ANY_EVENT, from, to }, page);
  const byId = await ledgerOf(log).search({ ...ANY_EVENT, requestId: "r-1" }, page);
  const values = { actor: "user:rare", actionPrefix: "plugin." };
  const byValues = await ledgerOf(log).search({ ...ANY_EVENT, ...values }, page);
  return [byTime, byId, byValues].flatMap(({ entries }) => entries.map(({ seq }) => seq));
}

const RARE = { request_id: "r-1", actor: "user:rare", action: "plugin.loaded" };

/** The events of a log in which two are found: by its time, and by its id and its values. */
function findable(): ReturnType<typeof makeEvents> {
  const old = makeEvent({ occurred_at: "2020-01-01T12:00:00.000Z" });
  return [...makeEvents(50), old, makeEvent(RARE), ...makeEvents(248)];
}

/** All rows by which a search skips, and the leaf tiles. */
function contents(sql: SqlStorage): unknown {
  const tables = [
    "bundles ORDER BY idx",
    "id_runs ORDER BY idx, part",
    "posting_runs ORDER BY idx, part",
    "actions ORDER BY action",
    "tiles ORDER BY level, idx",
  ];
  return tables.map((table) =>
    JSON.stringify(sql.exec(`SELECT * FROM ${table}`).toArray(), (_, value) =>
      value instanceof ArrayBuffer ? [...new Uint8Array(value)] : value,
    ),
  );
}

describe("What a search skips entries by", () => {
  it.each([
    ["a time", "UPDATE bundles SET time_min = '2024-01-01' WHERE idx = 0"],
    ["another time", "UPDATE bundles SET time_max = '2019-01-01' WHERE idx = 0"],
    ["its bytes", "UPDATE bundles SET bytes = bytes + 1 WHERE idx = 0"],
    ["the last one's bytes", "UPDATE bundles SET bytes = bytes - 1 WHERE idx = 1"],
    ["its ids", "UPDATE bundles SET ids = zeroblob(12) WHERE idx = 0"],
    ["its postings", "UPDATE bundles SET postings = zeroblob(12) WHERE idx = 0"],
    ["no postings", "UPDATE bundles SET postings = x'' WHERE idx = 0"],
    ["an action", "DELETE FROM actions WHERE action = 'plugin.loaded'"],
    ["a row", "DELETE FROM bundles WHERE idx = 0"],
    ["a row too many", "INSERT INTO bundles VALUES (2, '', '~', 1, x'', x'')"],
    ["a run too many", "INSERT INTO id_runs VALUES (0, 3, x'000000000000')"],
    ["a run of postings too many", "INSERT INTO posting_runs VALUES (0, 3, x'000000000000')"],
    ["a leaf tile", "DELETE FROM tiles WHERE level = 0"],
  ])("is written anew by a pass, and that is told: %s", async (_, query) => {
    const log = await newLog();
    await append(log, findable());
    await sign(log);
    await runScrub(log);
    const whole = await inLedger(log, contents);
    expect(await found(log)).toEqual([50, 51, 51]);
    await doctor(log, run(query));
    const nowMs = Date.now();
    const logged = vi.spyOn(console, "error").mockReturnValue();
    await runScrub(log);
    expect(await inLedger(log, contents)).toEqual(whole);
    expect(await found(log)).toEqual([50, 51, 51]);
    const { frozenReason, scrub } = (await ledgerOf(log).status())!;
    expect(frozenReason).toBeNull();
    expect(scrub?.mendedBundles).toBe(1);
    expect(scrub?.mendedAtMs).toBeGreaterThanOrEqual(nowMs);
    expect(logged.mock.calls.flat().join()).toContain("audit log's index mended");
    await runScrub(log);
    expect((await ledgerOf(log).status())?.scrub?.mendedBundles).toBe(1);
  });

  it("is let be where a pruning has cut a bundle, and written anew where it leaves out what is left", async () => {
    const log = await newLog();
    const old = makeEvent({ occurred_at: "2020-01-01T12:00:00.000Z" });
    await append(log, makeEvents(20));
    vi.setSystemTime(Date.now() + 40 * DAY_MS);
    await append(log, [old, makeEvent(RARE), ...makeEvents(5)]);
    await sign(log);
    expect(await announce(log, termsAt(Date.now(), 30))).toBe("announced");
    await sign(log);
    await runScrub(log);
    const { minIndex, scrub } = (await ledgerOf(log).status())!;
    expect([minIndex, scrub?.mendedBundles]).toEqual([20, 0]);
    await doctor(log, run("UPDATE bundles SET time_min = '2024-01-01', ids = x'', postings = x''"));
    await runScrub(log);
    expect((await ledgerOf(log).status())?.scrub?.mendedBundles).toBe(1);
    expect(await found(log)).toEqual([20, 21, 21]);
  });

  it("is held to the entries where runs are merged too: nothing honest is written anew, and what a search would not find is", async () => {
    // A pass of many slices needs a clock that goes on.
    vi.useRealTimers();
    const log = await newLog();
    await append(log, findable());
    for (let left = 65_536 + 10 - 300; left > 0; left -= 2_048) {
      const size = Math.min(left, 2_048);
      const calls = Array.from({ length: Math.ceil(size / 256) }, (_, at) =>
        append(log, makeEvents(Math.min(256, size - at * 256))),
      );
      await Promise.all(calls);
    }
    await sign(log);
    await runScrub(log);
    const { frozenReason, scrub } = (await ledgerOf(log).status())!;
    expect([frozenReason, scrub?.passedSize, scrub?.mendedBundles]).toEqual([null, 65_546, 0]);
    const whole = await inLedger(log, contents);
    expect(await found(log)).toEqual([50, 51, 51]);
    // Postings are of every bundle, the one id is of the first.
    const queries: [query: string, mended: number][] = [
      ["DELETE FROM id_runs", 1],
      ["UPDATE id_runs SET ids = x'010203'", 1],
      ["UPDATE bundles SET ids = zeroblob(6) WHERE idx = 7", 1],
      ["DELETE FROM posting_runs", 256],
      ["UPDATE posting_runs SET postings = x'010203040506'", 256],
      ["UPDATE bundles SET postings = zeroblob(6) WHERE idx = 7", 1],
      // As they are in a log from before there were any.
      ["DELETE FROM posting_runs; UPDATE bundles SET postings = NULL", 0],
    ];
    for (const [query, mended] of queries) {
      const before = (await ledgerOf(log).status())?.scrub?.mendedBundles ?? 0;
      await doctor(log, run(query));
      await runScrub(log);
      expect(await found(log)).toEqual([50, 51, 51]);
      expect((await ledgerOf(log).status())?.scrub?.mendedBundles).toBe(before + mended);
    }
    expect(await inLedger(log, contents)).toEqual(whole);
    expect((await ledgerOf(log).status())?.frozenReason).toBeNull();
  }, 300_000);
});
