import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { LogAddress } from "#audit/audit-log.ts";
import type { EntryOrder } from "#audit/entry-filter.ts";
import { type BundledEntry, deletePrunedBundles, recordInBundles } from "#audit/ledger/bundles.ts";
import { fingerprintsOf, type IdColumn, seqsWithId } from "#audit/ledger/sketches/id-runs.ts";
import { newLogOf, objectOf } from "./test-log.ts";

const ENTRIES = 2 * 65_536 + 600;

/** Every entry has a trace and an invocation of its own, every third a request that 1,000 others share. */
function entryAt(seq: number): BundledEntry {
  return {
    seq,
    time: "2026-11-22T00:00:00.000Z",
    byteLength: 1,
    requestId: seq % 3 === 0 ? `req-${seq % 131}` : null,
    traceId: seq.toString(16).padStart(32, "0"),
    invocationId: `call-${seq}`,
    action: "tool.call.allowed",
    actor: "user:alice@acme",
    instance: null,
    outcome: "allowed",
  };
}

/** In appends of any size, over the ends of bundles and of 65,536. */
async function recordedLog(entries: number, appendSize: number): Promise<LogAddress> {
  const log = await newLogOf(1);
  await runInDurableObject(objectOf(log), (_, { storage }) => {
    const { sql } = storage;
    sql.exec("DELETE FROM bundles");
    for (let from = 0; from < entries; from += appendSize) {
      const length = Math.min(appendSize, entries - from);
      storage.transactionSync(() =>
        recordInBundles(
          sql,
          Array.from({ length }, (_, at) => entryAt(from + at)),
        ),
      );
    }
  });
  return log;
}

function seqsOf(
  log: LogAddress,
  wanted: { column: IdColumn; id: string },
  range = { low: 0, high: ENTRIES },
  order: EntryOrder = "desc",
): Promise<number[]> {
  return runInDurableObject(objectOf(log), (_, { storage: { sql } }) => {
    const query = "SELECT 256 * (1 + max(idx)) AS size FROM bundles";
    const treeSize = sql.exec<{ size: number }>(query).one().size;
    return [...seqsWithId(sql, wanted, { ...range, treeSize }, order)];
  });
}

const expectedSeqs = (remainder: number, low = 0, high = ENTRIES) =>
  Array.from({ length: ENTRIES }, (_, seq) => seq)
    .filter((seq) => seq % 3 === 0 && seq % 131 === remainder && seq >= low && seq < high)
    .reverse();

describe("The runs of ids", () => {
  it("propose every entry that has the id, in either order, merged or not", async () => {
    const log = await recordedLog(ENTRIES, 1_000);
    for (const remainder of [0, 1, 77, 130]) {
      const id = `req-${remainder}`;
      const wanted = { column: "request_id", id } as const;
      expect(await seqsOf(log, wanted)).toEqual(expectedSeqs(remainder));
      const range = { low: 40_000, high: ENTRIES - 100 };
      const ascending = expectedSeqs(remainder, range.low, range.high).reverse();
      expect(await seqsOf(log, wanted, range, "asc")).toEqual(ascending);
    }
    for (const seq of [0, 255, 256, 65_535, 65_536, 131_071, 131_072, ENTRIES - 1]) {
      const id = seq.toString(16).padStart(32, "0");
      expect(await seqsOf(log, { column: "trace_id", id })).toContain(seq);
      const invocation = { column: "invocation_id", id: `call-${seq}` } as const;
      expect(await seqsOf(log, invocation)).toContain(seq);
    }
  }, 60_000);

  it("keep to the range that is asked for, and the columns apart", async () => {
    const log = await recordedLog(70_000, 997);
    const range = { low: 60_000, high: 69_000 };
    const id = "req-5";
    expect(await seqsOf(log, { column: "request_id", id }, range)).toEqual(
      expectedSeqs(5, 60_000, 69_000),
    );
    for (const column of ["trace_id", "invocation_id"] as const) {
      expect(await seqsOf(log, { column, id })).toEqual([]);
    }
  }, 60_000);

  it("say the same whatever the size of the appends", async () => {
    const logs = await Promise.all([1, 7, 256, 300].map((size) => recordedLog(600, size)));
    for (const log of logs) {
      const range = { low: 0, high: 600 };
      expect(await seqsOf(log, { column: "request_id", id: "req-9" }, range)).toEqual(
        expectedSeqs(9, 0, 600),
      );
    }
  });

  it("propose an entry once though two of its ids share a fingerprint, merged or not", async () => {
    const traceId = "a".repeat(32);
    const ids = { requestId: "r17247750e", traceId, invocationId: null };
    const [first, second] = fingerprintsOf({ seq: 0, ...ids });
    expect(first).toBe(second);
    const log = await newLogOf(1);
    const twins = [3, 4, 65_535, 65_536, 65_540];
    await runInDurableObject(objectOf(log), (_, { storage }) => {
      storage.sql.exec("DELETE FROM bundles");
      const entries = Array.from({ length: 65_600 }, (_entry, seq) =>
        twins.includes(seq) ? { ...entryAt(seq), ...ids } : entryAt(seq),
      );
      storage.transactionSync(() => recordInBundles(storage.sql, entries));
    });
    for (const [column, id] of [
      ["trace_id", traceId],
      ["request_id", ids.requestId],
    ] as const) {
      expect(await seqsOf(log, { column, id })).toEqual(twins.toReversed());
      const range = { low: 0, high: ENTRIES };
      expect(await seqsOf(log, { column, id }, range, "asc")).toEqual(twins);
    }
  });

  it("leave with the entries they are of", async () => {
    const log = await recordedLog(ENTRIES, 1_024);
    await runInDurableObject(objectOf(log), (_, { storage }) => {
      const { sql } = storage;
      const counts = () =>
        ["bundles", "id_runs"].map((table) =>
          Number(sql.exec(`SELECT count(*) AS n FROM ${table}`).one()["n"]),
        );
      const [, runsBefore = 0] = counts();
      sql.exec("DROP TRIGGER log_takes_what_extends_the_chain");
      sql.exec(
        "UPDATE log SET tree_size = ?1, published_size = ?1, min_index = ?2",
        ENTRIES,
        65_792,
      );
      deletePrunedBundles(sql);
      expect(counts()).toEqual([Math.ceil(ENTRIES / 256) - 257, runsBefore / 2]);
    });
  }, 60_000);
});
