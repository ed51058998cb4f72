import { runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import type { LogAddress } from "#audit/audit-log.ts";
import type { EntryOrder } from "#audit/entry-filter.ts";
import { type BundledEntry, deletePrunedBundles, recordInBundles } from "#audit/ledger/bundles.ts";
import { bundlesWith } from "#audit/ledger/sketches/posting-runs.ts";
import { hasPlace, type ValueColumn, valueFingerprint } from "#audit/ledger/sketches/postings.ts";
import { newLogOf, objectOf } from "./test-log.ts";

const ENTRIES = 2 * 65_536 + 700;

/** One actor in three entries, others in one of 1,000 each; an instance that a few bundles have. */
function entryAt(seq: number): BundledEntry {
  return {
    seq,
    time: "2026-11-22T00:00:00.000Z",
    byteLength: 1,
    requestId: null,
    traceId: null,
    invocationId: null,
    action: seq % 2 === 0 ? "tool.call.allowed" : "tool.call.completed",
    actor: seq % 3 === 0 ? "user:often" : `user:${seq % 1_000}`,
    instance: seq % 40_000 < 3 ? "gw-rare" : null,
    outcome: seq % 7 === 0 ? "denied" : "allowed",
  };
}

async function recordedLog(appendSize: number): Promise<LogAddress> {
  const log = await newLogOf(1);
  await runInDurableObject(objectOf(log), (_, { storage }) => {
    const { sql } = storage;
    sql.exec("DELETE FROM bundles");
    for (let from = 0; from < ENTRIES; from += appendSize) {
      const length = Math.min(appendSize, ENTRIES - from);
      const entries = Array.from({ length }, (_entry, at) => entryAt(from + at));
      storage.transactionSync(() => recordInBundles(sql, entries));
    }
  });
  return log;
}

type Wanted = Partial<Record<ValueColumn, string | readonly string[]>>;

const matches = (entry: BundledEntry, wanted: Wanted) =>
  Object.entries(wanted).every(([column, value]) =>
    [value].flat().includes(entry[column as ValueColumn] ?? ""),
  );

/** The first `count` seqs that are proposed; bundles without postings are named by their first seq, negated. */
function seqsOf(
  log: LogAddress,
  wanted: Wanted,
  { low = 0, high = ENTRIES, order = "desc" as EntryOrder } = {},
): Promise<number[]> {
  const sets = Object.entries(wanted).map(
    ([column, value]) =>
      new Set([value].flat().map((one) => valueFingerprint(column as ValueColumn, one as string))),
  );
  return runInDurableObject(objectOf(log), (_, { storage }) => {
    const range = { low, high, treeSize: ENTRIES };
    return [...bundlesWith(storage.sql, sets, range, order)].flatMap(({ index, places }) => {
      if (places === null) return [-index * 256];
      const seqs = Array.from({ length: 256 }, (_place, place) => place)
        .filter((place) => hasPlace(places, place))
        .map((place) => index * 256 + place);
      return order === "asc" ? seqs : seqs.reverse();
    });
  });
}

function modelled(wanted: Wanted, order: EntryOrder = "desc"): number[] {
  const seqs = Array.from({ length: ENTRIES }, (_, seq) => seq).filter((seq) =>
    matches(entryAt(seq), wanted),
  );
  return order === "asc" ? seqs : seqs.reverse();
}

const ASKED: Wanted[] = [
  { actor: "user:often" },
  { actor: "user:7" },
  { actor: "user:nobody" },
  { instance: "gw-rare" },
  { action: "tool.call.allowed", actor: "user:often", outcome: "denied" },
  { action: "tool.call.completed", instance: "gw-rare" },
  { action: ["tool.call.allowed", "tool.call.completed"], actor: ["user:7", "user:11"] },
  { action: [], actor: "user:often" },
];

describe("The runs of postings", () => {
  let log: LogAddress;

  beforeAll(async () => {
    log = await recordedLog(1_000);
  }, 60_000);

  it("propose the entries that have all values asked for, in either order, merged or not", async () => {
    for (const wanted of ASKED) {
      for (const order of ["desc", "asc"] as const) {
        expect(await seqsOf(log, wanted, { order })).toEqual(modelled(wanted, order));
      }
    }
  }, 60_000);

  it("keep to the bundles of the range that is asked for", async () => {
    for (const [low, high] of [
      [60_000, 69_000],
      [0, 1],
      [65_536, 131_072],
      [131_100, ENTRIES],
      [500, 500],
    ] as const) {
      const bundles = [Math.floor(low / 256) * 256, low === high ? 0 : Math.ceil(high / 256) * 256];
      const expected = modelled({ outcome: "denied" }).filter(
        (seq) => seq >= bundles[0]! && seq < bundles[1]!,
      );
      expect(await seqsOf(log, { outcome: "denied" }, { low, high })).toEqual(expected);
    }
  });

  it("name each bundle whose postings are not made yet, in its turn, merged or not", async () => {
    const old = await recordedLog(1_024);
    const unmade = [0, 100, 255, 256, 300, 511, 512, 513];
    await runInDurableObject(objectOf(old), (_, { storage }) => {
      const query = "UPDATE bundles SET postings = NULL WHERE idx = ?";
      for (const index of unmade) storage.sql.exec(query, index);
    });
    for (const order of ["desc", "asc"] as const) {
      const found = await seqsOf(old, { instance: "gw-rare" }, { order });
      const named = found.filter((seq) => seq < 0 || Object.is(seq, -0)).map((seq) => -seq / 256);
      expect(named).toEqual(order === "asc" ? unmade : unmade.toReversed());
      expect(new Set(found).size).toBe(found.length);
      const places = found.map(Math.abs);
      expect(places).toEqual(places.toSorted((a, b) => (order === "asc" ? a - b : b - a)));
    }
  }, 60_000);

  it("read a row for each 65,536 entries, and of the bundles since those that have the value", async () => {
    const read = await runInDurableObject(objectOf(log), (_, { storage }) => {
      let rows = 0;
      const sql = {
        exec: (...query: Parameters<SqlStorage["exec"]>) => {
          const cursor = storage.sql.exec(...query);
          const all = cursor.toArray();
          rows += cursor.rowsRead;
          return Object.assign(all, { toArray: () => all });
        },
      } as unknown as SqlStorage;
      const wanted = [new Set([valueFingerprint("instance", "gw-rare")])];
      const range = { low: 0, high: ENTRIES, treeSize: ENTRIES };
      const found = [...bundlesWith(sql, wanted, range, "desc")];
      return { rows, bundles: found.length };
    });
    expect(read.bundles).toBe(4);
    // Of 515 bundles: two runs, named by a list of one part each, and three that are not merged.
    expect(read.rows).toBeLessThan(20);
  });

  it("leave with the entries they are of", async () => {
    const pruned = await recordedLog(4_096);
    await runInDurableObject(objectOf(pruned), (_, { storage }) => {
      const { sql } = storage;
      const runs = () => sql.exec("SELECT DISTINCT idx FROM posting_runs").toArray();
      expect(runs()).toEqual([{ idx: 0 }, { idx: 1 }]);
      sql.exec("DROP TRIGGER log_takes_what_extends_the_chain");
      sql.exec("UPDATE log SET tree_size = ?1, published_size = ?1, min_index = 65792", ENTRIES);
      deletePrunedBundles(sql);
      expect(runs()).toEqual([{ idx: 1 }]);
    });
  }, 60_000);
});
