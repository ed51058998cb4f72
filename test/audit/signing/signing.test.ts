import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LogAddress } from "#audit/audit-log.ts";
import { Ledger } from "#audit/ledger/ledger.ts";
import { signNow } from "#audit/signing/sign-now.ts";
import { signLogs } from "#audit/signing/signer.ts";
import { findLogsToSign } from "#audit/store/audit-logs.ts";
import { encodeHex } from "#formats/hex.ts";
import { type Checkpoint, parseCheckpoint } from "#formats/tlog/checkpoint.ts";
import { verifyConsistency } from "#formats/tlog/merkle-verify.ts";
import { parseVkey } from "#formats/tlog/note-key.ts";
import { parseNote, verifyNote } from "#formats/tlog/signed-note.ts";
import { envWithShard, workerEnv } from "../../harness/deployment.ts";
import { losing } from "../../harness/watched-d1.ts";
import { runAlarms } from "../ledger/run-pruning.ts";
import {
  append,
  ledgerOf,
  makeEvents,
  newLog,
  newLogOf,
  originOf,
  rowOf,
  sign,
} from "../ledger/test-log.ts";

const db = workerEnv.SHARD_0;

// What fails on purpose is logged.
beforeEach(() => vi.spyOn(console, "error").mockReturnValue());
afterEach(() => vi.restoreAllMocks());

/** Every note that is handed to a ledger from now on: what is not published has not left. */
function watchNotes(): () => string[] {
  const spy = vi.spyOn(Ledger.prototype, "publish");
  const before = spy.mock.calls.length;
  return () => spy.mock.calls.slice(before).map(([, note]) => note);
}

async function verifiedCheckpoint(log: LogAddress, note: string): Promise<Checkpoint> {
  const { keys } = await rowOf(log);
  const parsed = parseNote(note)!;
  expect(
    verifyNote(
      parsed,
      keys.map(({ vkey }) => parseVkey(vkey)!),
    ).kind,
  ).toBe("verified");
  const checkpoint = parseCheckpoint(parsed.text)!;
  expect(checkpoint.origin).toBe(originOf(log));
  return checkpoint;
}

/** No size has two roots, and every smaller tree is the beginning of every larger one. */
async function requireOneHistory(log: LogAddress, notes: readonly string[]): Promise<void> {
  const bySize = new Map<number, Checkpoint>();
  for (const note of new Set(notes)) {
    const checkpoint = await verifiedCheckpoint(log, note);
    const before = bySize.get(checkpoint.size) ?? checkpoint;
    expect(encodeHex(checkpoint.root)).toBe(encodeHex(before.root));
    bySize.set(checkpoint.size, checkpoint);
  }
  const heads = [...bySize.values()].sort((a, b) => a.size - b.size);
  for (const [at, old] of heads.entries()) {
    const next = heads[at + 1] ?? old;
    const proof = (await ledgerOf(log).consistency(old.size, next.size))!;
    const claim = { oldSize: old.size, newSize: next.size, oldRoot: old.root, newRoot: next.root };
    expect(verifyConsistency({ ...claim, proof })).toBe(true);
  }
}

describe("signNow", () => {
  it("publishes a checkpoint of the head, signed by the log's key", async () => {
    const log = await newLogOf(5);
    const { size } = await verifiedCheckpoint(log, await sign(log));
    expect(size).toBe(5);
    expect(await rowOf(log)).toMatchObject({ signedSize: 5, publishedSize: 5, treeSize: 5 });
  });

  it("signs nothing anew when nothing was appended", async () => {
    const log = await newLogOf(1);
    const note = await sign(log);
    const notes = watchNotes();
    expect(await sign(log)).toBe(note);
    expect(notes()).toEqual([]);
  });

  it("signs nothing of a log without entries", async () => {
    const log = await newLog();
    await signNow(workerEnv, log);
    expect(await ledgerOf(log).status()).toMatchObject({ checkpoint: null, publishedSize: 0 });
    expect(await rowOf(log)).toMatchObject({ signedSize: 0, checkpoint: null });
  });

  it("makes good that D1 does not know the log yet", async () => {
    const log = await newLogOf(2);
    await db.prepare("DELETE FROM audit_logs WHERE org = ?1").bind(log.org).run();
    expect(await sign(log)).toContain("\n2\n");
  });
});

describe("Signers of one log at once", () => {
  it("never give one size two roots nor go back, with appends in between", async () => {
    const log = await newLogOf(1);
    await sign(log);
    const notes = watchNotes();
    const rounds = Array.from({ length: 6 }, async () => {
      await append(log, makeEvents(3));
      // Of many at once, one may be overtaken each time: then it says so and has signed nothing.
      await Promise.allSettled([signNow(workerEnv, log), signNow(workerEnv, log)]);
      await Promise.all([
        append(log, makeEvents(100)),
        signLogs(workerEnv, log.shard, [await rowOf(log)]),
      ]);
    });
    await Promise.all(rounds);
    await sign(log);
    await requireOneHistory(log, notes());
    const sizes = notes().map((note) => parseCheckpoint(parseNote(note)!.text)!.size);
    expect(new Set(sizes).size).toBeGreaterThan(1);
    expect(await rowOf(log)).toMatchObject({
      signedSize: 619,
      publishedSize: 619,
      frozenReason: null,
    });
  });

  it("let one through: what another signed meanwhile is not signed over", async () => {
    const log = await newLogOf(1);
    const row = await rowOf(log);
    const notes = watchNotes();
    let raced = false;
    const env = envWithShard(async (sql, send) => {
      if (!raced && sql.includes("signed_root = step.root")) {
        raced = true;
        // Signed and published by another, larger, between this one's decision and its record.
        await append(log, makeEvents(4));
        await sign(log);
      }
      return send();
    });
    const [outcome] = await signLogs(env, log.shard, [row]);
    expect(outcome?.kind).toBe("overtaken");
    expect(notes()).toHaveLength(1);
    expect(await rowOf(log)).toMatchObject({ signedSize: 5, publishedSize: 5 });
  });

  it("take an old row for what it is: another was faster, nothing is frozen", async () => {
    const log = await newLogOf(1);
    await sign(log);
    const old = await rowOf(log);
    await append(log, makeEvents(1));
    await sign(log);
    expect(await signLogs(workerEnv, log.shard, [old])).toEqual([{ kind: "overtaken" }]);
    expect((await ledgerOf(log).status())?.frozenReason).toBeNull();
  });

  it("publish in any order: the newest checkpoint stays", async () => {
    const log = await newLogOf(1);
    const first = await sign(log);
    await append(log, makeEvents(1));
    const second = await sign(log);
    const answer = await ledgerOf(log).publish(log, first);
    expect(answer).toEqual({ kind: "published", publishedSize: 2 });
    expect((await ledgerOf(log).status())?.checkpoint).toBe(second);
  });
});

describe("A signer that fails", () => {
  it("after its record and before publishing is made good by the next, with the same note", async () => {
    const log = await newLogOf(3);
    vi.spyOn(Ledger.prototype, "publish").mockImplementationOnce(() => {
      throw new Error("died");
    });
    const [outcome] = await signLogs(workerEnv, log.shard, [await rowOf(log)]);
    expect(outcome?.kind).toBe("failed");
    const died = await rowOf(log);
    expect(died).toMatchObject({ signedSize: 3, publishedSize: 0 });
    expect((await ledgerOf(log).status())?.checkpoint).toBeNull();
    await append(log, makeEvents(2));
    const notes = watchNotes();
    await sign(log);
    expect(notes()[0]).toBe(died.checkpoint);
    await requireOneHistory(log, notes());
    expect(await rowOf(log)).toMatchObject({ signedSize: 5, publishedSize: 5 });
  });

  it.each([
    ["to record what it signed", "signed_root = step.root", "before"],
    ["to hear that it was recorded", "signed_root = step.root", "after"],
    ["to mark it as published", "published_size = max(published_size", "before"],
    ["to hear that it was marked", "published_size = max(published_size", "after"],
  ] as const)("%s loses nothing: the next one signs on", async (_, part, when) => {
    const log = await newLogOf(3);
    await runAlarms(log);
    const notes = watchNotes();
    const faulty = envWithShard(losing(part, when));
    const row = await rowOf(log);
    await expect(signLogs(faulty, log.shard, [row])).rejects.toThrow("connection lost");
    const isSettled = part.startsWith("published_size") && when === "after";
    const waiting = await findLogsToSign(db, Date.now() + 120_000, 10_000);
    expect(waiting.some(({ org }) => org === log.org)).toBe(!isSettled);
    await append(log, makeEvents(2));
    await sign(log);
    await requireOneHistory(log, notes());
    const settled = { signedSize: 5, publishedSize: 5, frozenReason: null };
    expect(await rowOf(log)).toMatchObject(settled);
  });
});
