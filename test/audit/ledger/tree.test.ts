import { describe, expect, it } from "vitest";
import type { LogAddress } from "#audit/audit-log.ts";
import { completeLeafTile, treeNodes } from "#audit/ledger/proven/tree.ts";
import { encodeHex } from "#formats/hex.ts";
import { parseCheckpoint } from "#formats/tlog/checkpoint.ts";
import { consistencyProof, inclusionProof, treeRoot } from "#formats/tlog/merkle-proof.ts";
import { parseNote } from "#formats/tlog/signed-note.ts";
import { parseTlogProof } from "#formats/tlog/tlog-proof.ts";
import { decodeBundle, type TilePath } from "#formats/tlog/tlog-tiles.ts";
import { NaiveTree } from "../../formats/tlog/naive-tree.ts";
import {
  append,
  inLedger,
  ledgerOf,
  makeEvents,
  newLog,
  newLogOf,
  sign,
  storedBodies,
} from "./test-log.ts";

/** Around the ends of bundles, where tiles are completed. */
const SIZES = [1, 2, 255, 256, 257, 511, 512, 513, 700];

const hexes = (hashes: readonly Uint8Array[]) => hashes.map(encodeHex);

function rootIn(note: string): string {
  return encodeHex(parseCheckpoint(parseNote(note)?.text ?? "")!.root);
}

/** By its own entries alone, with none of the code that made the log's tree. */
async function naiveTree(log: LogAddress): Promise<NaiveTree> {
  return new NaiveTree(await storedBodies(log));
}

async function tileBytes(log: LogAddress, path: TilePath): Promise<Uint8Array> {
  const answer = await ledgerOf(log).tile(path);
  if (answer.kind !== "tile") throw new Error(answer.kind);
  return new Uint8Array(answer.bytes);
}

/** Every index near the ends of bundles, and some between. */
function interesting(size: number): number[] {
  const near = [0, 1, 127, 128, 254, 255, 256, 257, 383, 510, 511, 512, 640, size - 2, size - 1];
  return [...new Set(near)].filter((index) => index >= 0 && index < size);
}

describe("The tree as stored", () => {
  it.each(SIZES)("has the root, the proofs and the tiles of its %d entries", async (size) => {
    const log = await newLogOf(size);
    const tree = await naiveTree(log);
    expect(rootIn(await sign(log))).toBe(encodeHex(tree.root(size)));
    for (const index of interesting(size)) {
      const answer = await ledgerOf(log).proof(index);
      const proof = answer.kind === "proof" ? parseTlogProof(answer.proof) : null;
      expect([proof?.index, hexes(proof!.hashes)]).toEqual([index, hexes(tree.path(index, size))]);
    }
    for (const old of interesting(size).map((index) => index + 1)) {
      const proof = await ledgerOf(log).consistency(old, size);
      expect(hexes(proof!)).toEqual(hexes(tree.proof(old, size)));
    }
  });

  it("proves each of its sizes consistent with each later one", async () => {
    const log = await newLogOf(700);
    const tree = await naiveTree(log);
    await sign(log);
    for (const [at, oldSize] of [...SIZES, 600].sort((a, b) => a - b).entries()) {
      for (const newSize of SIZES.slice(at)) {
        if (newSize < oldSize) continue;
        const proof = await ledgerOf(log).consistency(oldSize, newSize);
        expect(hexes(proof!)).toEqual(hexes(tree.proof(oldSize, newSize)));
      }
    }
    expect(await ledgerOf(log).consistency(0, 700)).toEqual([]);
    expect(await ledgerOf(log).consistency(1, 701)).toBeNull();
  });

  it("has the hashes and the entries of its entries in its tiles, full and partial", async () => {
    const log = await newLogOf(700);
    const bodies = await storedBodies(log);
    const tree = new NaiveTree(bodies);
    await sign(log);
    for (const [index, width] of [
      [0, 256],
      [1, 256],
      [2, 188],
      [2, 1],
      [2, 77],
    ] as const) {
      const from = index * 256;
      const leaves = tree.leaves.slice(from, from + width);
      const tile = await tileBytes(log, { kind: "hash", level: 0, index, width });
      expect(encodeHex(tile)).toBe(hexes(leaves).join(""));
      const bundle = await tileBytes(log, { kind: "entries", index, width });
      expect(decodeBundle(bundle)).toEqual(bodies.slice(from, from + width));
    }
    const above = await tileBytes(log, { kind: "hash", level: 1, index: 0, width: 2 });
    expect(encodeHex(above)).toBe(hexes([tree.root(256), tree.root(512, 256)]).join(""));
  });

  it("is the same however its entries arrived: in one request, one by one, or in between", async () => {
    const splits = [[600], [1, 254, 1, 1, 255, 88], Array.from({ length: 30 }, () => 20)];
    for (const sizes of splits) {
      const log = await newLog();
      for (const size of sizes) await append(log, makeEvents(size));
      const tree = await naiveTree(log);
      expect(rootIn(await sign(log))).toBe(encodeHex(tree.root(600)));
      const above = await tileBytes(log, { kind: "hash", level: 1, index: 0, width: 2 });
      expect(encodeHex(above)).toBe(hexes([tree.root(256), tree.root(512, 256)]).join(""));
    }
  });

  it("grows by one entry at a time across the end of a bundle, signed at each size", async () => {
    const log = await newLogOf(253);
    for (let size = 254; size <= 259; size += 1) {
      await append(log, makeEvents(1));
      expect(rootIn(await sign(log))).toBe(encodeHex((await naiveTree(log)).root(size)));
    }
  });

  it("goes on above 65,536 entries, where tiles of tiles of tiles begin", async () => {
    const size = 257 * 256;
    const tree = NaiveTree.ofSize(size);
    const log = await newLog();
    const made = await inLedger(log, (sql) => {
      for (let index = 0; index < 257; index += 1) {
        const leaves = tree.leaves.slice(index * 256, (index + 1) * 256);
        const hashes = Uint8Array.from(leaves.flatMap((leaf) => [...leaf]));
        sql.exec("INSERT INTO tiles (level, idx, hashes) VALUES (0, ?, ?)", index, hashes);
        completeLeafTile(sql, index);
      }
      const nodes = treeNodes(sql);
      return {
        root: treeRoot(size, nodes),
        inclusion: inclusionProof(70, size, nodes),
        consistency: consistencyProof(65_535, size, nodes),
        levels: sql.exec("SELECT level, count(*) AS n FROM tiles GROUP BY level").toArray(),
      };
    });
    expect(encodeHex(made.root)).toBe(encodeHex(tree.root(size)));
    expect(hexes(made.inclusion)).toEqual(hexes(tree.path(70, size)));
    expect(hexes(made.consistency)).toEqual(hexes(tree.proof(65_535, size)));
    expect(made.levels.map(({ n }) => n)).toEqual([257, 2, 1]);
  });
});
