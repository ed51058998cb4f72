import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  addOperations,
  deleteIdleOperations,
  operationsOf,
  selectOperations,
  setOperationsBack,
} from "#gateway/figures/store/operation-rows.ts";
import { deleteShardOrg } from "#orgs/store/shard-orgs.ts";
import { BilledRows } from "../../harness/billed-rows.ts";
import { db, makeShardOrg } from "../../harness/shard-org.ts";
import { faultyD1 } from "../../harness/watched-d1.ts";
import { countedOf, operation, rowsOf, toolsOf } from "./operations.ts";

const DAY_MS = 86_400_000;
const ROOM = { orgMax: 1_000, shardMax: 10_000 };
const newWriter = () => crypto.randomUUID();
const tools = (count: number, from = 0) =>
  Array.from({ length: count }, (_, tool) => `t${from + tool}`);

const empty = () => db.prepare("DELETE FROM gateway_operations").run();
beforeEach(empty);
afterEach(empty);

describe("A batch of operations", () => {
  it("is added once, however often, late and at once it is sent", async () => {
    const { org } = await makeShardOrg();
    const writer = newWriter();
    const batches = [1, 2, 3].map((number) => ({
      writer,
      number,
      rows: rowsOf(
        operation({ org }),
        operation({ org }),
        operation({ org }, { tool: `t${number}` }),
      ),
    }));
    for (const batch of batches) {
      await Promise.all([1, 2, 3, 4].map(() => addOperations(db, batch, ROOM, Date.now())));
      await addOperations(db, batches[0]!, ROOM, Date.now());
    }
    await addOperations(db, batches[1]!, ROOM, Date.now());
    expect(await countedOf(org)).toBe(9);
    expect(await toolsOf(org)).toEqual(["search", "t1", "t2", "t3"]);
  });

  it("is added once where its answer was lost, and where it never began", async () => {
    const { org } = await makeShardOrg();
    const batch = { writer: newWriter(), number: 1, rows: rowsOf(operation({ org })) };
    for (const when of ["before", "after"] as const) {
      const failing = faultyD1(db, () => when);
      await expect(addOperations(failing, batch, ROOM, Date.now())).rejects.toThrow();
    }
    await addOperations(db, batch, ROOM, Date.now());
    expect(await countedOf(org)).toBe(1);
  });

  it("of many isolates at once adds up, org by org", async () => {
    const orgs = await Promise.all([1, 2, 3].map(() => makeShardOrg()));
    const isolates = Array.from({ length: 8 }, newWriter);
    await Promise.all(
      isolates.map(async (writer) => {
        for (let number = 1; number <= 5; number += 1) {
          const rows = rowsOf(
            ...orgs.map(({ org }) => operation({ org })),
            operation({ org: orgs[0]!.org }, { outcome: "server_error", errorType: "timeout" }),
          );
          await Promise.all(
            [1, 2].map(() => addOperations(db, { writer, number, rows }, ROOM, Date.now())),
          );
        }
      }),
    );
    expect(await Promise.all(orgs.map(({ org }) => countedOf(org)))).toEqual([80, 40, 40]);
  });

  it("costs a row for each label set it touches and one for its isolate", async () => {
    const { org } = await makeShardOrg();
    const writer = newWriter();
    const many = rowsOf(...tools(500, 100).map((tool) => operation({ org }, { tool })));
    await addOperations(db, { writer: newWriter(), number: 1, rows: many }, ROOM, Date.now());
    const billed = new BilledRows();
    const counted = billed.counting(db);
    const rows = () =>
      rowsOf(
        ...tools(3).flatMap((tool) => [operation({ org }, { tool }), operation({ org }, { tool })]),
      );
    await addOperations(counted, { writer, number: 1, rows: rows() }, ROOM, Date.now());
    expect(billed.take().rowsWritten).toBe(4);
    await addOperations(counted, { writer, number: 2, rows: rows() }, ROOM, Date.now());
    const { rowsRead, rowsWritten } = billed.take();
    expect(rowsWritten).toBe(4);
    // Looks at what is there only where something is new.
    expect(rowsRead).toBeLessThan(100);
    await addOperations(counted, { writer, number: 2, rows: rows() }, ROOM, Date.now());
    expect(billed.take().rowsWritten).toBe(0);
  });

  it("writes nothing for an org that was deleted or moved, and the rest all the same", async () => {
    const [gone, moved, there] = await Promise.all([1, 2, 3].map(() => makeShardOrg()));
    await deleteShardOrg(db, gone!.org);
    const rows = rowsOf(
      operation(gone!),
      operation({ ...moved!, generation: 2 }),
      operation(there!),
    );
    await addOperations(db, { writer: newWriter(), number: 1, rows }, ROOM, Date.now());
    expect(await Promise.all([gone!, moved!, there!].map(({ org }) => countedOf(org)))).toEqual([
      0, 0, 1,
    ]);
  });
});

describe("Label sets of operations", () => {
  it("beyond an org's room are its __other__, and none is lost; those that are there go on", async () => {
    const { org } = await makeShardOrg();
    const room = { ...ROOM, orgMax: 3 };
    const writer = newWriter();
    for (let number = 1; number <= 3; number += 1) {
      const rows = rowsOf(...tools(6).map((tool) => operation({ org }, { tool })));
      await addOperations(db, { writer, number, rows }, room, Date.now());
    }
    expect(await toolsOf(org)).toEqual(["__other__", "t0", "t1", "t2"]);
    expect(await countedOf(org)).toBe(18);
    const select =
      "SELECT le_2 AS n FROM gateway_operations WHERE org = ?1 AND method = '__other__'";
    expect(await db.prepare(select).bind(org).first("n")).toBe(9);
  });

  it("are never more than a shard's room, whoever races, and no counter falls", async () => {
    const orgs = await Promise.all(Array.from({ length: 12 }, () => makeShardOrg()));
    const room = { orgMax: 4, shardMax: 20 };
    const seen = new Map<string, number>();
    for (let round = 1; round <= 4; round += 1) {
      await Promise.all(
        orgs.map(({ org }) => {
          const rows = rowsOf(...tools(6, round).map((tool) => operation({ org }, { tool })));
          return addOperations(db, { writer: newWriter(), number: 1, rows }, room, Date.now());
        }),
      );
      const operations = operationsOf(await selectOperations(db, Date.now()).all());
      expect(operations.length).toBeLessThanOrEqual(20);
      for (const { org, labels, counts } of operations) {
        const key = JSON.stringify([org, labels]);
        const count = counts.reduce((sum, one) => sum + one, 0);
        expect(count).toBeGreaterThanOrEqual(seen.get(key) ?? 0);
        seen.set(key, count);
      }
      for (const key of seen.keys()) {
        expect(operations.some(({ org, labels }) => JSON.stringify([org, labels]) === key)).toBe(
          true,
        );
      }
      expect([...seen.values()].reduce((sum, one) => sum + one, 0)).toBe(12 * 6 * round);
    }
    expect(await countedOf("__other__")).toBeGreaterThan(0);
  });

  it("leave the page and the store after 30 idle days, all orgs' others never", async () => {
    const { org } = await makeShardOrg();
    const nowMs = Date.now();
    const old = { atMs: nowMs - 31 * DAY_MS };
    const rows = rowsOf(
      operation({ org }, { ...old, tool: "old" }),
      operation({ org }, { tool: "young" }),
    );
    await addOperations(db, { writer: newWriter(), number: 1, rows }, ROOM, nowMs);
    await addOperations(
      db,
      {
        writer: newWriter(),
        number: 1,
        rows: rowsOf(operation({ org }, { ...old, tool: "none" })),
      },
      { orgMax: 0, shardMax: 0 },
      nowMs,
    );
    const shown = operationsOf(await selectOperations(db, nowMs).all());
    expect(shown.map((one) => [one.org, one.labels[3]])).toEqual([
      ["__other__", ""],
      [org, "young"],
    ]);
    await deleteIdleOperations(db, org, nowMs);
    expect(await toolsOf(org)).toEqual(["young"]);
    expect(await countedOf("__other__")).toBe(1);
  });

  it("have no time that is yet to come, by an isolate's clock that is ahead or by one that was", async () => {
    const { org } = await makeShardOrg();
    const nowMs = Date.now();
    const rows = rowsOf(operation({ org }, { atMs: nowMs + 90 * DAY_MS }));
    await addOperations(db, { writer: newWriter(), number: 1, rows }, ROOM, nowMs);
    const times = () =>
      db
        .prepare("SELECT created_ms AS a, last_seen_ms AS b FROM gateway_operations WHERE org = ?1")
        .bind(org)
        .first();
    expect(await times()).toEqual({ a: nowMs, b: nowMs });
    await setOperationsBack(db, org, nowMs - DAY_MS);
    expect(await times()).toEqual({ a: nowMs - DAY_MS, b: nowMs - DAY_MS });
  });
});

describe("What is kept of isolates", () => {
  it("goes a day after their last batch by the settled clock, when another begins", async () => {
    const nowMs = Date.now();
    const old = "00000000-0000-7000-8000-000000000001";
    const awake = "00000000-0000-7000-8000-000000000002";
    await addOperations(db, { writer: old, number: 2, rows: [] }, ROOM, nowMs - 2 * DAY_MS);
    await addOperations(db, { writer: awake, number: 2, rows: [] }, ROOM, nowMs);
    const left = async () => {
      await addOperations(db, { writer: newWriter(), number: 1, rows: [] }, ROOM, nowMs);
      const { results } = await db
        .prepare("SELECT writer FROM gateway_writers WHERE writer IN (?1, ?2) ORDER BY writer")
        .bind(old, awake)
        .all<{ writer: string }>();
      return results.map(({ writer }) => writer);
    };
    const setClock = (isSettled: number) =>
      db
        .prepare(
          "INSERT OR REPLACE INTO clock (id, newest_ms, steady_since_ms, is_settled) VALUES (1, ?1, ?1, ?2)",
        )
        .bind(nowMs, isSettled)
        .run();
    await setClock(0);
    expect(await left()).toEqual([old, awake]);
    await setClock(1);
    expect(await left()).toEqual([awake]);
    await db.prepare("DELETE FROM clock").run();
  });
});
