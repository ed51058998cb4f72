import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LogAddress } from "#audit/audit-log.ts";
import { ANY_EVENT } from "#audit/entry-filter.ts";
import { Ledger } from "#audit/ledger/ledger.ts";
import { signLogs } from "#audit/signing/signer.ts";
import { parseTlogProof } from "#formats/tlog/tlog-proof.ts";
import { workerEnv } from "../../harness/deployment.ts";
import { LOST, watchedD1 } from "../../harness/watched-d1.ts";
import { runAlarms } from "./run-pruning.ts";
import { restoreRow, rewriteEntries, truncateLedger } from "./set-back.ts";
import {
  append,
  inLedger,
  ledgerOf,
  makeEvent,
  makeEvents,
  newLog,
  newLogOf,
  refusalOf,
  rowOf,
  sign,
} from "./test-log.ts";

// What fails on purpose is logged.
beforeEach(() => vi.spyOn(console, "error").mockReturnValue());
afterEach(() => vi.restoreAllMocks());

async function signOnce(log: LogAddress): Promise<string> {
  const [outcome] = await signLogs(workerEnv, log.shard, [await rowOf(log)]);
  return outcome?.kind === "failed" ? String(outcome.error) : (outcome?.kind ?? "");
}

async function requireFrozen(log: LogAddress, reason: string): Promise<void> {
  const status = await ledgerOf(log).status();
  expect(status?.frozenReason).toContain(reason);
  expect((await rowOf(log)).frozenReason).toContain(reason);
  const result = await ledgerOf(log).append(log, [makeEvent()]);
  expect(result).toEqual({ kind: "frozen", reason: status?.frozenReason });
}

async function requireOpen(log: LogAddress): Promise<void> {
  expect((await ledgerOf(log).status())?.frozenReason).toBeNull();
  expect((await rowOf(log)).frozenReason).toBeNull();
  await append(log, [makeEvent()]);
}

describe("A log is frozen", () => {
  it("when D1 is set back to an older state than the ledger has published", async () => {
    const log = await newLogOf(2);
    await sign(log);
    const older = await rowOf(log);
    await append(log, makeEvents(2));
    await sign(log);
    await restoreRow(older);
    await append(log, makeEvents(1));
    expect(await signOnce(log)).toBe("frozen");
    await requireFrozen(log, "published 4 entries, the signer's record says 2: it was set back");
  });

  it("when D1 has lost the log altogether", async () => {
    const log = await newLogOf(2);
    await sign(log);
    await workerEnv.SHARD_0.prepare("DELETE FROM audit_logs WHERE org = ?1").bind(log.org).run();
    expect(await refusalOf(() => sign(log))).toContain("ledger_frozen");
    await requireFrozen(log, "the signer's record says 0: it was set back");
  });

  it("when the ledger is set back below what was signed, by its last entries", async () => {
    const log = await newLogOf(5);
    await sign(log);
    await truncateLedger(log, { size: 3, publishedSize: 0 });
    expect(await signOnce(log)).toBe("frozen");
    await requireFrozen(log, "holds 3 entries and had 5: it was set back");
  });

  it("when the ledger is set back below what it told D1, though none of that was signed", async () => {
    const log = await newLogOf(5);
    await runAlarms(log);
    await truncateLedger(log, { size: 3, publishedSize: 0 });
    expect(await signOnce(log)).toBe("frozen");
    await requireFrozen(log, "holds 3 entries and had 5: it was set back");
  });

  it("when the ledger is set back and has grown again past what was signed", async () => {
    const log = await newLogOf(5);
    await sign(log);
    await truncateLedger(log, { size: 3, publishedSize: 0 });
    await append(log, makeEvents(4));
    expect(await signOnce(log)).toBe("frozen");
    await requireFrozen(log, "first 5 entries are not those that were signed");
  });

  it.each([20, 600])(
    "when entries among %d are rewritten, all hashes made to fit",
    async (size) => {
      const log = await newLogOf(size);
      await sign(log);
      await rewriteEntries(log, { seq: 7, from: "user:alice@acme", to: "user:mallory" });
      await append(log, makeEvents(1));
      expect(await signOnce(log)).toBe("frozen");
      await requireFrozen(log, `first ${size} entries are not those that were signed`);
    },
  );

  it("when it is handed a checkpoint of its own that is not of its entries", async () => {
    const log = await newLogOf(3);
    const other = await newLogOf(3);
    await sign(log);
    const note = await sign(other);
    await truncateLedger(other, { size: 2, publishedSize: 0 });
    await append(other, makeEvents(1));
    await ledgerOf(other).publish(other, note);
    expect((await ledgerOf(other).status())?.frozenReason).toContain(
      "not of this ledger's entries",
    );
    // That of another log is no contradiction of this one.
    const refusal = await refusalOf(() => ledgerOf(log).publish(log, note));
    expect(refusal).toContain("not a checkpoint of this log");
    await requireOpen(log);
  });

  it("once, for its first reason, and at its first time", async () => {
    const log = await newLogOf(2);
    await ledgerOf(log).freeze(log, "the first");
    const first = await ledgerOf(log).status();
    try {
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 });
      const again = await ledgerOf(log).freeze(log, "the second");
      expect(again).toEqual({ kind: "frozen", reason: "the first" });
      await ledgerOf(log).freeze(log, "the first");
    } finally {
      vi.useRealTimers();
    }
    expect(await ledgerOf(log).status()).toEqual(first);
  });

  it("again, when its ledger is set back to before it was frozen", async () => {
    const log = await newLogOf(2);
    await sign(log);
    await workerEnv.SHARD_0.prepare(
      "UPDATE audit_logs SET frozen_reason = 'because' WHERE org = ?1",
    )
      .bind(log.org)
      .run();
    await append(log, makeEvents(1));
    await runAlarms(log);
    await requireFrozen(log, "because");
  });
});

describe("A log is not frozen", () => {
  it.each(["headSince", "publish"] as const)("by a ledger that throws in %s", async (method) => {
    const log = await newLogOf(3);
    vi.spyOn(Ledger.prototype, method).mockImplementation(() => {
      throw new Error("out of memory");
    });
    expect(await signOnce(log)).toContain("out of memory");
    expect(await signOnce(log)).toContain("out of memory");
    vi.restoreAllMocks();
    await requireOpen(log);
    expect(await sign(log)).toContain("\n4\n");
  });

  it("by D1 out of reach while the ledger's word is checked against it", async () => {
    const log = await newLogOf(2);
    // Which seed it begins with was written down before anything was signed.
    const old = { ...(await rowOf(log)), seedChosen: 1 as const };
    await sign(log);
    const deaf = watchedD1(workerEnv.SHARD_0, (sql, send) =>
      sql.startsWith("SELECT") ? Promise.reject(new Error(LOST)) : send(),
    );
    const [outcome] = await signLogs({ ...workerEnv, SHARD_0: deaf }, log.shard, [old]);
    expect(outcome?.kind).toBe("failed");
    await requireOpen(log);
  });

  it("by a tree that lacks a node: that is damage, not a contradiction", async () => {
    const log = await newLogOf(300);
    await sign(log);
    await append(log, makeEvents(1));
    await inLedger(log, (sql) => {
      sql.exec("DROP TRIGGER tiles_stay");
      sql.exec("DELETE FROM tiles");
    });
    expect(await signOnce(log)).toContain("lacks a node");
    expect((await ledgerOf(log).status())?.frozenReason).toBeNull();
  });
});

describe("A frozen log", () => {
  it("goes on being read, and proves what was signed of it", async () => {
    const log = await newLogOf(3);
    const note = await sign(log);
    await append(log, makeEvents(1));
    await ledgerOf(log).freeze(log, "because");
    const ledger = ledgerOf(log);
    const { entries } = await ledger.search(ANY_EVENT, { behind: null, limit: 10 });
    expect(entries).toHaveLength(4);
    expect(await ledger.entry(3)).toMatchObject({ seq: 3 });
    const proof = await ledger.proof(2);
    expect(parseTlogProof(proof.kind === "proof" ? proof.proof : "")?.checkpoint).toBe(note);
    expect(await ledger.proof(3)).toEqual({ kind: "not_signed_yet" });
    expect(await ledger.consistency(1, 3)).toHaveLength(2);
  });

  it("answers the resend of an event it has with its first receipt", async () => {
    const log = await newLog();
    const event = makeEvent();
    const receipts = await append(log, [event]);
    await ledgerOf(log).freeze(log, "because");
    expect(await append(log, [event])).toEqual(receipts);
    const result = await ledgerOf(log).append(log, [event, makeEvent()]);
    expect(result.kind).toBe("frozen");
  });

  it("is signed no more, and leaves the signer's queue", async () => {
    const log = await newLogOf(3);
    await runAlarms(log);
    await ledgerOf(log).freeze(log, "because");
    expect(await signOnce(log)).toBe("frozen");
    const row = await workerEnv.SHARD_0.prepare(
      "SELECT sign_after_ms AS at, signed_size AS size FROM audit_logs WHERE org = ?1",
    )
      .bind(log.org)
      .first();
    expect(row).toEqual({ at: null, size: 0 });
  });
});
