import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogAddress } from "#audit/audit-log.ts";
import { MIGRATIONS, migrate } from "#audit/ledger/schema.ts";
import { IS_OWN_ACTION } from "#audit/ledger/sketches/sketch-migrations.ts";
import { pruneTo } from "./run-pruning.ts";
import {
  append,
  inLedger,
  ledgerOf,
  makeEvent,
  newLog,
  newLogOf,
  objectOf,
  refusalOf,
  sign,
  storedBodies,
} from "./test-log.ts";

/** What SQLite says to a statement that none of our code is in the way of. */
function attempt(log: LogAddress, statement: string, ...values: unknown[]): Promise<string> {
  return inLedger(log, (sql) => {
    try {
      const { rowsWritten } = sql.exec(statement, ...values);
      return `wrote ${rowsWritten}`;
    } catch (error) {
      return (error as Error).message;
    }
  });
}

/** What SQLite says to an entry that is put in and counted, with none of our code in the way. */
function attemptAppend(log: LogAddress, entry: string): Promise<string> {
  return runInDurableObject(objectOf(log), (_, { storage }) => {
    const { sql } = storage;
    try {
      storage.transactionSync(() => {
        sql.exec(`INSERT INTO entries ${entry}`);
        sql.exec("UPDATE log SET tree_size = (SELECT max(seq) + 1 FROM entries)");
      });
      return "took it";
    } catch (error) {
      return (error as Error).message;
    }
  });
}

const COPY_OF_LAST = (seq: string, previous: string) =>
  `(seq, body, hash, previous_hash, leaf, begins_append)
   SELECT ${seq}, json_set(body, '$.event_id', 'other'), randomblob(32), ${previous}, randomblob(32), 1
   FROM entries ORDER BY seq DESC LIMIT 1`;

interface ForcedRow {
  /** From the last entry's, which is 0. */
  seq: number;
  /** The entry or row that it names as the one before it. */
  after: number;
}

/** Whether the log takes the rows, which are taken back. */
function attemptRows(storage: DurableObjectStorage, rows: readonly ForcedRow[]): boolean {
  const { sql } = storage;
  const last = sql.exec<{ seq: number }>("SELECT max(seq) AS seq FROM entries").one().seq;
  const stored = sql.exec<{ seq: number; hash: ArrayBuffer }>("SELECT seq, hash FROM entries");
  const hashes = new Map([...stored].map(({ seq, hash }) => [seq - last, hash]));
  for (const { seq } of rows) hashes.set(seq, new Uint8Array(32).fill(seq + 7).buffer);
  const insert = `INSERT INTO entries (seq, body, hash, previous_hash, leaf, begins_append)
    VALUES (?, json_object('event_id', ?), ?, ?, zeroblob(32), ?)`;
  const takenBack = new Error("taken back");
  try {
    storage.transactionSync(() => {
      for (const { seq, after } of rows) {
        const previous = hashes.get(after) ?? new ArrayBuffer(32);
        const begins = seq === 1 ? 1 : null;
        sql.exec(insert, last + seq, `forced-${seq}`, hashes.get(seq)!, previous, begins);
      }
      sql.exec("UPDATE log SET tree_size = (SELECT max(seq) + 1 FROM entries)");
      throw takenBack;
    });
  } catch (error) {
    return error === takenBack;
  }
  return false;
}

describe("The ledger's tables, by themselves,", () => {
  it("refuse to change an entry", async () => {
    const log = await newLogOf(2);
    for (const change of ["body = '{}'", "hash = zeroblob(32)", "leaf = zeroblob(32)", "seq = 7"]) {
      const answer = await attempt(log, `UPDATE entries SET ${change} WHERE seq = 1`);
      expect(answer).toContain("entries: never change");
    }
  });

  it("refuse to delete what is not pruned", async () => {
    const log = await newLogOf(600);
    await pruneTo(log, 512);
    for (const which of ["seq = 600", "seq >= 512", "1"]) {
      const answer = await attempt(log, `DELETE FROM entries WHERE ${which}`);
      expect(answer).toContain("only a pruned prefix leaves");
    }
    expect((await storedBodies(log)).length).toBeGreaterThan(88);
  });

  it("refuse a second entry after the same one, a gap, and another beginning", async () => {
    const log = await newLogOf(2);
    await append(log, [makeEvent()]);
    const insert = (seq: string, previous: string) =>
      attemptAppend(log, COPY_OF_LAST(seq, previous));
    const last = "(SELECT hash FROM entries ORDER BY seq DESC LIMIT 1)";
    expect(await insert("seq", "previous_hash")).toContain("UNIQUE");
    expect(await insert("seq + 1", "previous_hash")).toContain("extends the chain");
    expect(await insert("seq + 2", last)).toContain("extends the chain");
    expect(await insert("seq + 1", "randomblob(32)")).toContain("extends the chain");
    expect(await insert("-1", "randomblob(32)")).toContain("extends the chain");
    expect(await insert("seq + 1", last)).toMatch(/^took/);
  });

  it("take rows of any numbers and predecessors only if each follows the one before", async () => {
    const log = await newLogOf(3);
    const seq = fc.integer({ min: -1, max: 4 });
    const row = fc.record({ seq, after: seq });
    const rows = fc.uniqueArray(row, { minLength: 1, maxLength: 3, selector: (one) => one.seq });
    const property = fc.asyncProperty(rows, async (added) => {
      const taken = await runInDurableObject(objectOf(log), (_, { storage }) =>
        attemptRows(storage, added),
      );
      const inOrder = added.toSorted((one, other) => one.seq - other.seq);
      expect(taken).toBe(inOrder.every((one, at) => one.seq === at + 1 && one.after === at));
    });
    const chain = [1, 2, 3].map((at) => ({ seq: at, after: at - 1 }));
    const examples: [ForcedRow[]][] = [[chain.slice(0, 1)], [chain], [chain.toReversed()]];
    await fc.assert(property, { numRuns: 300, examples });
  });

  it("refuse an append that does not say where it begins, or goes on after its own first entry", async () => {
    const log = await newLogOf(3);
    const last = "(SELECT hash FROM entries ORDER BY seq DESC LIMIT 1)";
    const unmarked = COPY_OF_LAST("seq + 1", last).replace(", 1\n", ", NULL\n");
    expect(await attemptAppend(log, unmarked)).toContain("extends the chain");
    const fork = COPY_OF_LAST("seq + 1", "previous_hash");
    expect(await attemptAppend(log, fork)).toContain("extends the chain");
  });

  it("do not count an entry that was put in alone, nor anything that comes with it", async () => {
    const log = await newLogOf(3);
    await attempt(log, `INSERT INTO entries ${COPY_OF_LAST("seq + 7", "randomblob(32)")}`);
    expect((await ledgerOf(log).status())?.treeSize).toBe(3);
    expect(await refusalOf(() => append(log, [makeEvent()]))).toContain("extends the chain");
    expect((await ledgerOf(log).status())?.treeSize).toBe(3);
  });

  it("refuse to fill again what was pruned", async () => {
    const log = await newLogOf(300);
    await pruneTo(log, 256);
    const first = await attemptAppend(log, COPY_OF_LAST("0", "zeroblob(32)"));
    expect(first).toContain("extends the chain");
  });

  it("refuse the id of another entry, though the index by ids is all that knows it", async () => {
    const log = await newLogOf(1);
    const same = `INSERT INTO entries (seq, body, hash, previous_hash, leaf)
      SELECT 1, body, randomblob(32), hash, leaf FROM entries`;
    expect(await attempt(log, same)).toContain("UNIQUE");
  });

  it("refuse an entry that is longer than a bundle can hold", async () => {
    const log = await newLogOf(1);
    const long = `INSERT INTO entries (seq, body, hash, previous_hash, leaf)
      SELECT 1, json_object('event_id', 'x', 'pad', printf('%.65535c', 'x')), randomblob(32), hash, leaf
      FROM entries`;
    expect(await attempt(log, long)).toContain("octet_length(body) <= 65535");
  });

  it("lead to the entries that decide what may leave by an index, whatever a search goes by", async () => {
    const log = await newLogOf(1);
    const query = `SELECT seq FROM entries WHERE action = ? AND ${IS_OWN_ACTION} AND seq >= ? ORDER BY seq`;
    const plan = await inLedger(log, (sql) =>
      sql.exec(`EXPLAIN QUERY PLAN ${query}`, "ledger.pruned", 0).toArray(),
    );
    expect(plan.map(({ detail }) => detail)).toEqual([
      "SEARCH entries USING INDEX entries_by_own_action (action=? AND seq>?)",
    ]);
  });

  it("refuse to append to a frozen log, and to thaw it", async () => {
    const log = await newLogOf(1);
    await ledgerOf(log).freeze(log, "because");
    const next = COPY_OF_LAST("seq + 1", "hash");
    expect(await attemptAppend(log, next)).toContain("while it is open");
    for (const change of ["frozen_reason = NULL", "frozen_reason = 'another'"]) {
      expect(await attempt(log, `UPDATE log SET ${change}`)).toContain("must not go back");
    }
    expect(await ledgerOf(log).succeed(log, 2)).toBe(true);
    expect(await attempt(log, "UPDATE log SET successor = 3")).toContain("must not go back");
    expect(await attemptAppend(log, next)).toContain("while it is open");
  });

  it("refuse to take back what was published or pruned, or whose log this is", async () => {
    const log = await newLogOf(300);
    await pruneTo(log, 256);
    for (const change of [
      "published_size = published_size - 1",
      "min_index = 0",
      "min_index = published_size + 1",
      "org = 'another'",
      "number = 2",
      "origin = 'example.com/log'",
    ]) {
      expect(await attempt(log, `UPDATE log SET ${change}`)).not.toMatch(/^wrote/);
    }
    expect(await attempt(log, "DELETE FROM log")).not.toMatch(/^wrote/);
    const again = `INSERT OR REPLACE INTO log (id, org, number, shard, origin)
      SELECT id, org, number, shard, origin FROM log`;
    expect(await attempt(log, again)).not.toMatch(/^wrote/);
  });

  it("refuse to shrink, alter or drop a tile", async () => {
    const log = await newLogOf(520);
    for (const change of [
      "hashes = substr(hashes, 1, 32)",
      "hashes = zeroblob(octet_length(hashes))",
      "idx = idx + 7",
    ]) {
      expect(await attempt(log, `UPDATE tiles SET ${change}`)).toContain("tiles: only grow");
    }
    expect(await attempt(log, "DELETE FROM tiles")).toContain("tiles: stay");
    const replaced =
      "INSERT OR REPLACE INTO tiles (level, idx, hashes) VALUES (0, 0, zeroblob(32))";
    expect(await attempt(log, replaced)).toContain("tiles: only grow");
  });
});

describe("The ledger's migrations", () => {
  it("run once, however often they are called", async () => {
    const log = await newLogOf(2);
    const before = await storedBodies(log);
    const runs = await runInDurableObject(objectOf(log), (_, { storage }) => {
      migrate(storage);
      migrate(storage);
      return storage.sql.exec("SELECT number FROM migrations").toArray();
    });
    expect(runs).toEqual(MIGRATIONS.map((_, at) => ({ number: at + 1 })));
    expect(await storedBodies(log)).toEqual(before);
  });

  it("leave all in place when the object is evicted and starts anew", async () => {
    const log = await newLogOf(300);
    const note = await sign(log);
    const { scrub: _, ...status } = (await ledgerOf(log).status())!;
    await evictDurableObject(objectOf(log));
    expect(await ledgerOf(log).status()).toMatchObject(status);
    await append(log, [makeEvent()]);
    const unsigned = await ledgerOf(log).status();
    expect([unsigned?.treeSize, unsigned?.checkpoint]).toEqual([301, note]);
    expect(await sign(log)).toContain("\n301\n");
  });

  it("are there before the first call, and write nothing of a log that has no entry", async () => {
    const log = await newLog();
    expect(await ledgerOf(log).status()).toBeNull();
    expect(await ledgerOf(log).entry(0)).toBeNull();
    expect(await ledgerOf(log).proof(0)).toEqual({ kind: "not_there" });
    const tile = { kind: "hash", level: 0, index: 0, width: 1 } as const;
    expect(await ledgerOf(log).tile(tile)).toEqual({ kind: "not_there" });
    const rows = await inLedger(log, (sql) => sql.exec("SELECT count(*) AS n FROM log").one());
    expect(rows).toEqual({ n: 0 });
  });
});
