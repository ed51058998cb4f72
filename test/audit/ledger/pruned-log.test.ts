import { describe, expect, it } from "vitest";
import type { LogAddress } from "#audit/audit-log.ts";
import { encodeHex } from "#formats/hex.ts";
import { parseCheckpoint } from "#formats/tlog/checkpoint.ts";
import { parseNote } from "#formats/tlog/signed-note.ts";
import { parseTlogProof } from "#formats/tlog/tlog-proof.ts";
import { NaiveTree } from "../../formats/tlog/naive-tree.ts";
import { newId } from "../../harness/new-id.ts";
import { beginOnDayZero, setDay } from "./calendar.ts";
import { announce, runAlarms, settleLedgerClock, termsAt } from "./run-pruning.ts";
import { append, holdEvent, inLedger, ledgerOf, makeEvents, newLog, sign } from "./test-log.ts";

beginOnDayZero();

const hexes = (hashes: readonly Uint8Array[]) => hashes.map(encodeHex);

/** What an auditor has who read every entry while it was there. */
class Witness {
  readonly bodies: Uint8Array[] = [];
  readonly log: LogAddress;

  constructor(log: LogAddress) {
    this.log = log;
  }

  async read(): Promise<void> {
    const query = "SELECT body FROM entries WHERE seq >= ? ORDER BY seq";
    const from = this.bodies.length;
    const rows = await inLedger(this.log, (sql) =>
      sql.exec<{ body: string }>(query, from).toArray(),
    );
    this.bodies.push(...rows.map(({ body }) => new TextEncoder().encode(body)));
  }

  /** That all the log says of its tree is what the entries say, those that are gone included. */
  async check(): Promise<number> {
    const ledger = ledgerOf(this.log);
    const { minIndex = 0, checkpoint, publishedSize = 0 } = (await ledger.status()) ?? {};
    const tree = new NaiveTree(this.bodies);
    const { size, root } = parseCheckpoint(parseNote(checkpoint ?? "")!.text)!;
    expect([size, encodeHex(root)]).toEqual([publishedSize, encodeHex(tree.root(size))]);
    const middle = Math.floor((minIndex + size) / 2);
    for (const seq of new Set([minIndex, middle, size - 1])) {
      const answer = await ledger.proof(seq);
      const proof = parseTlogProof(answer.kind === "proof" ? answer.proof : "");
      expect(hexes(proof!.hashes)).toEqual(hexes(tree.path(seq, size)));
    }
    for (const old of [1, 255, 256, minIndex, middle, size - 1]) {
      if (old < 1 || old > size) continue;
      const proof = await ledger.consistency(old, size);
      expect(hexes(proof!)).toEqual(hexes(tree.proof(old, size)));
    }
    await this.#checkTiles(tree.leaves.slice(0, size), minIndex);
    return minIndex;
  }

  async #checkTiles(leaves: readonly Uint8Array[], minIndex: number): Promise<void> {
    const ledger = ledgerOf(this.log);
    for (let index = 0; index * 256 < leaves.length; index += 1) {
      const expected = leaves.slice(index * 256, (index + 1) * 256);
      const at = { index, width: expected.length };
      const answer = await ledger.tile({ kind: "hash", level: 0, ...at });
      const bytes = answer.kind === "tile" ? answer.bytes : new Uint8Array(0);
      expect(encodeHex(new Uint8Array(bytes))).toBe(hexes(expected).join(""));
      const bundle = await ledger.tile({ kind: "entries", ...at });
      expect(bundle.kind).toBe(index * 256 < minIndex ? "pruned" : "tile");
    }
  }
}

/** A day passes; that many entries come; the cron prunes by 3 days, whatever is due. */
async function passDay(witness: Witness, day: number, entries: number): Promise<void> {
  setDay(day);
  await append(witness.log, makeEvents(entries));
  await announce(witness.log, termsAt(Date.now(), 3));
  await witness.read();
  await sign(witness.log);
  await runAlarms(witness.log);
}

describe("A log of which a prefix is pruned", () => {
  it("still proves all that is left, and its tree's history, through months of it", async () => {
    const witness = new Witness(await newLog());
    const cuts = new Set<number>();
    const days = [300, 1, 0, 0, 200, 30, 0, 0, 3, 0, 0, 0, 0, 0, 0, 40, 0, 260, 9, 0, 0, 1];
    for (const [day, entries] of days.entries()) {
      await passDay(witness, day * 1.5, entries);
      cuts.add(await witness.check());
    }
    // Whole bundles, and what waited too long for one.
    expect([...cuts].some((cut) => cut > 0 && cut % 256 === 0)).toBe(true);
    expect([...cuts].some((cut) => cut % 256 !== 0)).toBe(true);
  });

  it.each([1, 255, 256, 257, 511])(
    "proves on when it is cut at %d and grows again",
    async (cut) => {
      const witness = new Witness(await newLog());
      await append(witness.log, makeEvents(cut));
      // Whole bundles first, then the rest of what waited too long.
      await passDay(witness, 20, 0);
      await passDay(witness, 20.1, 0);
      expect(await witness.check()).toBe(cut);
      for (const entries of [1, 254, 258]) {
        await append(witness.log, makeEvents(entries));
        await witness.read();
        await sign(witness.log);
        await witness.check();
      }
    },
  );

  it("counts the lines of what is left, from the middle of a bundle too", async () => {
    const witness = new Witness(await newLog());
    await append(witness.log, makeEvents(100));
    await passDay(witness, 20, 0);
    await append(witness.log, makeEvents(700));
    await witness.read();
    const size = witness.bodies.length;
    for (const [from, to] of [
      [100, size],
      [100, 256],
      [120, 600],
      [256, 512],
    ] as const) {
      const event = makeEvents(1)[0]!;
      const range = { from, to, isPublishedOnly: false };
      const planned = await ledgerOf(witness.log).beginExport(witness.log, event, range);
      const lines = witness.bodies.slice(from, to);
      const bytes = lines.reduce((sum, line) => sum + line.length + 1, 0);
      expect(planned).toMatchObject({ kind: "export", bytes, minIndex: 100 });
    }
  });
});

describe("A ledger of an org that is no more", () => {
  const destroy = async (log: LogAddress) => {
    await settleLedgerClock(log);
    return ledgerOf(log).destroy(Date.now(), 30);
  };

  it("is destroyed when its last entry has expired, and no sooner", async () => {
    const log = await newLog();
    await append(log, makeEvents(3));
    setDay(30);
    expect(await destroy(log)).toBe(false);
    expect((await ledgerOf(log).status())?.treeSize).toBe(3);
    setDay(30.1);
    for (const answer of [true, true]) {
      expect(await destroy(log)).toBe(answer);
      expect(await ledgerOf(log).status()).toBeNull();
    }
  });

  it("is kept while a legal hold is in force", async () => {
    const log = await newLog();
    const id = newId();
    const none = { releasedBy: null, releasedAtMs: null };
    const hold = { id, reason: "a case", placedBy: "user:a", placedAtMs: Date.now(), ...none };
    await ledgerOf(log).placeHold(log, holdEvent("placed", id), hold);
    setDay(40);
    expect(await destroy(log)).toBe(false);
    setDay(0);
    await ledgerOf(log).releaseHold(log, holdEvent("released", id), id);
    setDay(40);
    expect(await destroy(log)).toBe(true);
  });
});
