import { runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { LogAddress } from "#audit/audit-log.ts";
import { appendEvents } from "#audit/ledger/append.ts";
import { readState } from "#audit/ledger/proven/log-state.ts";
import { encodeHex } from "#formats/hex.ts";
import { NaiveTree } from "../../formats/tlog/naive-tree.ts";
import { beginOnDayZero, pass } from "./calendar.ts";
import { announce, runAlarms, termsAt } from "./run-pruning.ts";
import { truncateLedger } from "./set-back.ts";
import { inLedger, ledgerOf, makeEvents, newLogOf, objectOf, sign } from "./test-log.ts";

beginOnDayZero();
afterEach(() => vi.restoreAllMocks());

const utf8 = new TextEncoder();

type Deed = "append" | "undone" | "prune";

interface Tile extends Record<string, SqlStorageValue> {
  level: number;
  idx: number;
  hashes: ArrayBuffer;
}

/** As one append, whatever its size. `fails`: once all is written, with all of it undone. */
function appendAtOnce(log: LogAddress, count: number, fails = false): Promise<void> {
  return runInDurableObject(objectOf(log), (_, { storage }) => {
    const attempt = () =>
      storage.transactionSync(() => {
        const state = readState(storage.sql)!;
        const events = makeEvents(count, { details: { text: "x".repeat(count % 3 ? 10 : 4_000) } });
        const { kind } = appendEvents(storage.sql, state, events, Date.now());
        if (fails) throw new Error("undone");
        expect(kind).toBe("appended");
      });
    if (fails) expect(attempt).toThrow("undone");
    else attempt();
  });
}

/** All bodies that the log has had: those that are gone were read before. */
async function readBodies(log: LogAddress, bodies: Uint8Array[]): Promise<void> {
  const query = "SELECT body FROM entries WHERE seq >= ? ORDER BY seq";
  const rows = await inLedger(log, (sql) =>
    sql.exec<{ body: string }>(query, bodies.length).toArray(),
  );
  bodies.push(...rows.map(({ body }) => utf8.encode(body)));
}

async function expectTiles(log: LogAddress, bodies: readonly Uint8Array[]): Promise<void> {
  const tree = new NaiveTree(bodies);
  const { tiles, size } = await inLedger(log, (sql) => ({
    tiles: sql.exec<Tile>("SELECT level, idx, hashes FROM tiles").toArray(),
    size: sql.exec<{ n: number }>("SELECT tree_size AS n FROM log").one().n,
  }));
  expect(size).toBe(bodies.length);
  for (const { level, idx, hashes } of tiles) {
    const width = 256 ** level;
    const nodes = Array.from({ length: hashes.byteLength / 32 }, (_, at) => {
      const from = (idx * 256 + at) * width;
      return encodeHex(tree.root(from + width, from));
    });
    expect(encodeHex(new Uint8Array(hashes))).toBe(nodes.join(""));
  }
  const full = tiles.filter(({ level, hashes }) => level === 0 && hashes.byteLength === 8_192);
  expect(full.map(({ idx }) => idx).sort((a, b) => a - b)).toEqual(
    Array.from({ length: Math.floor(size / 256) }, (_, idx) => idx),
  );
}

/** What has waited for long leaves, and its leaf tile goes on; the third of four bundles is of one append. */
const CUT_WITHIN_A_BUNDLE = [
  { count: 99, deed: "append" as const },
  { count: 1, deed: "prune" as const },
  { count: 900, deed: "append" as const },
];

/** Of what has expired, whole bundles; or, when it has waited for long, all of it. */
async function prune(log: LogAddress, bodies: Uint8Array[]): Promise<void> {
  pass(60 * 24 * 20);
  await announce(log, termsAt(Date.now(), 3));
  await readBodies(log, bodies);
  await sign(log);
  await runAlarms(log);
}

describe("The tiles of a log", () => {
  it("are its entries' tree, however many come at once, with prunings and undone appends between", async () => {
    const count = fc.oneof(
      fc.integer({ min: 1, max: 20 }),
      fc.constantFrom(254, 255, 256, 257, 511, 512, 513, 768, 2_048),
      fc.integer({ min: 1, max: 1_200 }),
    );
    const step = fc.record({
      count,
      deed: fc.constantFrom<Deed>("append", "append", "undone", "prune"),
    });
    const cuts = new Set<number>();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 9 }), async (steps) => {
        const log = await newLogOf(1);
        const bodies: Uint8Array[] = [];
        for (const { count, deed } of steps) {
          if (deed === "prune") await prune(log, bodies);
          else await appendAtOnce(log, count, deed === "undone");
          await readBodies(log, bodies);
          await expectTiles(log, bodies);
          cuts.add(((await ledgerOf(log).status())?.minIndex ?? 0) % 256);
        }
      }),
      { numRuns: 10, examples: [[CUT_WITHIN_A_BUNDLE]] },
    );
    // A leaf tile was cut, and went on.
    expect(cuts.size).toBeGreaterThan(1);
  }, 60_000);

  it("freeze the log at the append that meets one with hashes of entries that never came", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    for (const size of [200, 250]) {
      const log = await newLogOf(300);
      await truncateLedger(log, { size, publishedSize: 0 });
      const answer = await ledgerOf(log).append(log, makeEvents(100));
      const reason = "tile 0/0 has hashes of entries that never came";
      expect(answer).toEqual({ kind: "frozen", reason });
    }
  });
});
