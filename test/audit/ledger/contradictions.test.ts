import { evictDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LogAddress } from "#audit/audit-log.ts";
import { ANY_EVENT } from "#audit/entry-filter.ts";
import type { EntryPage } from "#audit/ledger/search.ts";
import { signLogs } from "#audit/signing/signer.ts";
import { encodeHex } from "#formats/hex.ts";
import { parseCheckpoint } from "#formats/tlog/checkpoint.ts";
import { parseNote } from "#formats/tlog/signed-note.ts";
import { NaiveTree } from "../../formats/tlog/naive-tree.ts";
import { workerEnv } from "../../harness/deployment.ts";
import { newId } from "../../harness/new-id.ts";
import {
  changeEntry,
  doctor,
  FORGED_ACTOR,
  fitTile,
  flipTile,
  insertAt,
  relink,
} from "./doctored.ts";
import { nextAlarm, runAlarms, runScrub } from "./run-pruning.ts";
import {
  append,
  holdEvent,
  inLedger,
  ledgerOf,
  makeEvents,
  newLogOf,
  objectOf,
  rowOf,
  sign,
  storedBodies,
} from "./test-log.ts";

// That a log froze is logged.
beforeEach(() => vi.spyOn(console, "error").mockReturnValue());
afterEach(() => vi.restoreAllMocks());

/** In a tile that is full and signed; in the last one, signed; the last one signed; not signed. */
const [FULL, RAGGED, LAST_SIGNED, UNSIGNED] = [17, 290, 299, 305];

/** 300 entries signed, 20 more not signed yet. */
async function honestLog(): Promise<LogAddress> {
  const log = await newLogOf(300);
  await sign(log);
  await append(log, makeEvents(20));
  return log;
}

interface Doctoring {
  name: string;
  doctor: (sql: SqlStorage) => void;
  /** What the log is frozen for, by a pass and by whatever else comes upon it. */
  reason: RegExp;
}

const notRecorded = (seq: number) =>
  new RegExp(`^entry ${seq} does not hash to what was recorded$`);
const notFollowing = (seq: number) => new RegExp(`^entry ${seq} does not follow entry ${seq - 1}$`);

const DOCTORINGS: readonly Doctoring[] = [
  ...[FULL, RAGGED, LAST_SIGNED, UNSIGNED].flatMap((seq) => [
    {
      name: `the body of entry ${seq} changed`,
      doctor: (sql: SqlStorage) => changeEntry(sql, seq, "body"),
      reason: notRecorded(seq),
    },
    {
      name: `body and hash of entry ${seq} changed`,
      doctor: (sql: SqlStorage) => changeEntry(sql, seq, "hash"),
      reason: /^entry \d+ does not (hash|follow)/,
    },
    {
      name: `body, hash and leaf of entry ${seq} changed`,
      doctor: (sql: SqlStorage) => changeEntry(sql, seq, "leaf"),
      reason: seq === FULL ? /^entry 1[78] does not/ : notFollowing(seq + 1),
    },
  ]),
  {
    name: "body, hash, leaf and tile of an entry changed",
    doctor: (sql) => {
      changeEntry(sql, FULL, "leaf");
      fitTile(sql, FULL);
    },
    reason: notFollowing(FULL + 1),
  },
  {
    name: "the chain relinked from an entry under a full tile",
    doctor: (sql) => relink(sql, FULL),
    reason: notRecorded(FULL),
  },
  {
    name: "the chain relinked from a signed entry, before its tile is full",
    doctor: (sql) => relink(sql, RAGGED),
    reason: /^the ledger's first 300 entries are not those that were signed$/,
  },
  {
    name: "a leaf in a tile changed",
    doctor: (sql) => flipTile(sql, 0, 0, FULL),
    reason: /^(entry 17 does not hash|entries 0 to 255 are not those)/,
  },
  {
    name: "a hash in an upper tile changed",
    doctor: (sql) => flipTile(sql, 1, 0, 0),
    reason: /^the ledger's first 300 entries are not those that were signed$/,
  },
  ...[FULL, RAGGED, UNSIGNED].map((seq) => ({
    name: `entry ${seq} missing`,
    doctor: (sql: SqlStorage) => void sql.exec("DELETE FROM entries WHERE seq = ?", seq),
    reason: /^entry \d+ (is missing|does not)/,
  })),
  {
    name: "the last entries missing",
    doctor: (sql) => void sql.exec("DELETE FROM entries WHERE seq >= 310"),
    reason: /^entry 31\d is missing$/,
  },
  {
    name: "an entry inserted between two others",
    doctor: (sql) => insertAt(sql, RAGGED),
    reason: /^entry 29\d does not/,
  },
  {
    name: "an entry put in behind the last one",
    doctor: (sql) =>
      void sql.exec(
        `INSERT INTO entries (seq, body, hash, previous_hash, leaf)
         SELECT 320, replace(json_set(body, '$.event_id', 'x'), 'user:alice@acme', '${FORGED_ACTOR}'),
           hash, previous_hash, leaf FROM entries WHERE seq = 319`,
      ),
    reason: /^entry 320 was never taken into the log of 320$/,
  },
  {
    name: "the previous hash of an entry changed in its column",
    doctor: (sql) =>
      void sql.exec("UPDATE entries SET previous_hash = zeroblob(32) WHERE seq = 18"),
    reason: notFollowing(18),
  },
  {
    name: "the leaf of an entry changed in its column",
    doctor: (sql) => void sql.exec("UPDATE entries SET leaf = zeroblob(32) WHERE seq = 18"),
    reason: notRecorded(18),
  },
];

/** All that is ever read of a log to be served, exported, packed or forwarded. */
async function readAll(log: LogAddress): Promise<string> {
  const ledger = ledgerOf(log);
  const seqs = [0, FULL, RAGGED, LAST_SIGNED, UNSIGNED, 319, 320];
  const answers: unknown[] = [];
  for (const actor of [null, FORGED_ACTOR, "user:alice@acme"]) {
    for (const behind of [null, FULL + 5, RAGGED + 5]) {
      answers.push(await ledger.search({ ...ANY_EVENT, actor }, { behind, limit: 1_000 }));
    }
    for (const behind of [null, FULL - 5, RAGGED - 5]) {
      const page = { behind, limit: 1_000, order: "asc" } as const;
      answers.push(await ledger.search({ ...ANY_EVENT, actor }, page));
    }
  }
  for (const seq of seqs) {
    answers.push(await ledger.entry(seq), await ledger.proof(seq));
    answers.push(textOf(await ledger.lines({ from: seq, to: 400, bytesMax: 1e6 })));
  }
  for (const index of [0, 1]) {
    for (const width of [44, 256]) {
      answers.push(textOf(await ledger.tile({ kind: "entries", index, width })));
    }
  }
  const range = { from: null, to: null, isPublishedOnly: true };
  answers.push(await ledger.planExport(range), await ledger.consistency(20, 300));
  return JSON.stringify(answers);
}

/** As text where the answer has bytes. */
function textOf(answer: { bytes?: Uint8Array } | object): unknown {
  const bytes = "bytes" in answer ? answer.bytes : undefined;
  return bytes === undefined ? answer : new TextDecoder().decode(bytes);
}

async function requireFrozen(log: LogAddress, reason: RegExp): Promise<void> {
  const status = await ledgerOf(log).status();
  expect(status?.frozenReason).toMatch(reason);
  await runAlarms(log);
  expect((await rowOf(log)).frozenReason).toBe(status?.frozenReason);
  expect((await ledgerOf(log).append(log, makeEvents(1))).kind).toBe("frozen");
}

describe("A log's contradiction", () => {
  it.each(DOCTORINGS)("is never served, and freezes it: $name", async ({ doctor: change }) => {
    const log = await honestLog();
    expect(await readAll(log)).toContain("user:alice@acme");
    await doctor(log, change);
    const read = await readAll(log);
    expect(read.replace(/"reason":"[^"]*"/g, "")).not.toContain(FORGED_ACTOR);
    await runScrub(log);
    expect((await ledgerOf(log).status())?.frozenReason).not.toBeNull();
  });

  it.each(DOCTORINGS)("is never signed: $name", async ({ doctor: change }) => {
    const log = await honestLog();
    const honest = new NaiveTree(await storedBodies(log));
    await doctor(log, change);
    const [outcome] = await signLogs(workerEnv, log.shard, [await rowOf(log)]);
    const note = (await rowOf(log)).checkpoint ?? "";
    const { size, root } = parseCheckpoint(parseNote(note)?.text ?? "")!;
    expect(encodeHex(root)).toBe(encodeHex(honest.root(size)));
    expect([outcome?.kind, size]).toEqual(size === 300 ? ["frozen", 300] : ["published", 320]);
  });

  it.each(DOCTORINGS)(
    "is found by a pass, which says what: $name",
    async ({ doctor: change, reason }) => {
      const log = await honestLog();
      await runScrub(log);
      await requireOpen(log, 320);
      await doctor(log, change);
      await runScrub(log);
      await requireFrozen(log, reason);
    },
  );
});

async function requireOpen(log: LogAddress, size: number): Promise<void> {
  const status = await ledgerOf(log).status();
  expect([status?.frozenReason, status?.scrub?.passedSize]).toEqual([null, size]);
}

describe("A forged entry that nothing is signed of", () => {
  it.each(["body", "hash", "leaf"] as const)(
    "is not signed, in a full tile and before one is full, with its %s made to fit",
    async (fit) => {
      for (const seq of [17, 290]) {
        const log = await newLogOf(300);
        await doctor(log, (sql) => changeEntry(sql, seq, fit));
        const [outcome] = await signLogs(workerEnv, log.shard, [await rowOf(log)]);
        expect(outcome).toMatchObject({
          kind: "frozen",
          reason: expect.stringMatching(/^entry \d+/),
        });
        expect(await rowOf(log)).toMatchObject({ signedSize: 0, checkpoint: null });
      }
    },
  );
});

describe("A freeze", () => {
  it("by a read outlives the object, and D1 hears of it by the next alarm, which is at once", async () => {
    const log = await honestLog();
    await runAlarms(log);
    await doctor(log, (sql) => changeEntry(sql, FULL, "body"));
    expect(await ledgerOf(log).entry(FULL)).toEqual({
      kind: "contradicted",
      reason: "entry 17 does not hash to what was recorded",
    });
    expect((await nextAlarm(log))! - Date.now()).toBeLessThanOrEqual(0);
    await evictDurableObject(objectOf(log));
    expect(await ledgerOf(log).entry(FULL - 1)).toMatchObject({ seq: FULL - 1 });
    await requireFrozen(log, notRecorded(FULL));
  });

  it("leaves what verifies to be read: entries, lines up to the bad one and from behind it, bundles", async () => {
    const log = await honestLog();
    await doctor(log, (sql) => changeEntry(sql, FULL, "body"));
    const ledger = ledgerOf(log);
    const { next } = await ledger.lines({ from: 0, to: 320, bytesMax: 1e6 });
    expect(next).toBe(FULL);
    expect((await ledger.lines({ from: FULL + 1, to: 320, bytesMax: 1e6 })).next).toBe(320);
    expect(await ledger.lines({ from: FULL, to: 320, bytesMax: 1e6 })).toMatchObject({
      kind: "contradicted",
    });
    expect(await ledger.entry(RAGGED)).toMatchObject({ seq: RAGGED });
    expect((await ledger.proof(RAGGED)).kind).toBe("proof");
    expect((await ledger.tile({ kind: "entries", index: 1, width: 44 })).kind).toBe("tile");
  });

  it("ends a page before the bad entry, at once, and whoever goes on gets that in place of a page", async () => {
    const log = await honestLog();
    await doctor(log, (sql) => changeEntry(sql, RAGGED, "body"));
    const ledger = ledgerOf(log);
    const page = (behind: number | null) =>
      ledger.search(ANY_EVENT, { behind, limit: 1_000 }) as Promise<EntryPage>;
    const first = await page(null);
    const seqs = Array.from({ length: 320 - RAGGED - 1 }, (_, at) => 319 - at);
    expect(first.entries.map(({ seq }) => seq)).toEqual(seqs);
    expect(first.end).toBe(RAGGED + 1);
    expect((await ledger.status())?.frozenReason).toMatch(notRecorded(RAGGED));
    expect(await page(first.end)).toMatchObject({ kind: "contradicted" });
    expect((await page(RAGGED)).entries).toHaveLength(RAGGED);
  });

  it("ends a page that goes the other way before it, too", async () => {
    const log = await honestLog();
    await doctor(log, (sql) => changeEntry(sql, RAGGED, "body"));
    const page = (behind: number | null) => {
      const bounds = { behind, limit: 1_000, order: "asc" } as const;
      return ledgerOf(log).search(ANY_EVENT, bounds) as Promise<EntryPage>;
    };
    const first = await page(null);
    expect(first.entries.map(({ seq }) => seq)).toEqual(
      Array.from({ length: RAGGED }, (_, at) => at),
    );
    expect(first.end).toBe(RAGGED - 1);
    expect(await page(first.end)).toMatchObject({ kind: "contradicted" });
  });

  it("by lines that end before the bad entry does not wait for whoever goes on", async () => {
    const log = await honestLog();
    await doctor(log, (sql) => changeEntry(sql, FULL, "body"));
    await ledgerOf(log).lines({ from: 0, to: 320, bytesMax: 1e6 });
    expect((await ledgerOf(log).status())?.frozenReason).toMatch(notRecorded(FULL));
  });

  it("is logged once, by what it is for and no body", async () => {
    const logged = vi.spyOn(console, "error").mockReturnValue();
    const log = await honestLog();
    await doctor(log, (sql) => changeEntry(sql, FULL, "body"));
    for (let reads = 0; reads < 3; reads += 1) await ledgerOf(log).entry(FULL);
    const lines = logged.mock.calls.map(([line]) => String(line));
    const alerts = lines.filter(
      (line) => line.includes("audit log frozen") && line.includes(log.org),
    );
    expect(alerts).toHaveLength(1);
    expect(JSON.parse(alerts[0]!)).toMatchObject({
      reason: "entry 17 does not hash to what was recorded",
    });
  });

  it("keeps the evidence: nothing of a frozen log is pruned any more", async () => {
    const log = await honestLog();
    await doctor(log, (sql) => changeEntry(sql, FULL, "body"));
    await inLedger(log, (sql) => sql.exec("UPDATE log SET prune_to = 256, prune_entry = 299"));
    await ledgerOf(log).entry(FULL);
    const id = newId();
    const hold = { id, reason: "a case", placedBy: "user:a", placedAtMs: 0 };
    await ledgerOf(log).placeHold(log, holdEvent("placed", id), {
      ...hold,
      releasedBy: null,
      releasedAtMs: null,
    });
    await runAlarms(log);
    expect(await storedBodies(log)).toHaveLength(320);
  });
});
