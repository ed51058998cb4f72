import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LegalHold, LogAddress } from "#audit/audit-log.ts";
import { Ledger } from "#audit/ledger/ledger.ts";
import { signLogs } from "#audit/signing/signer.ts";
import { encodeHex } from "#formats/hex.ts";
import { entryHash } from "#formats/ledger/entry.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { NaiveTree } from "../../formats/tlog/naive-tree.ts";
import { workerEnv } from "../../harness/deployment.ts";
import { newId } from "../../harness/new-id.ts";
import { beginOnDayZero, START_MS, setDay } from "./calendar.ts";
import { announce, runAlarms, settleLedgerClock, termsAt } from "./run-pruning.ts";
import {
  append,
  holdEvent,
  inLedger,
  ledgerOf,
  makeEvent,
  makeEvents,
  newLog,
  objectOf,
  rowOf,
  sign,
  storedBodies,
} from "./test-log.ts";

beginOnDayZero();
beforeEach(() => {
  // What fails on purpose is logged.
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Recorded on day 0. */
async function oldLog(size: number): Promise<LogAddress> {
  setDay(0);
  const log = await newLog();
  await append(log, makeEvents(size));
  return log;
}

/** What the cron asks on that day, of an org that keeps entries 30 days. */
function announceOn(log: LogAddress, day: number) {
  setDay(day);
  return announce(log, termsAt(Date.now(), 30));
}

async function minIndexOf(log: LogAddress): Promise<number> {
  return (await ledgerOf(log).status())?.minIndex ?? 0;
}

async function lastEvent(log: LogAddress): Promise<Record<string, unknown>> {
  const body = (await storedBodies(log)).at(-1);
  return JSON.parse(new TextDecoder().decode(body));
}

function hold(): LegalHold {
  const none = { releasedBy: null, releasedAtMs: null };
  return { id: newId(), reason: "a case", placedBy: "user:a", placedAtMs: Date.now(), ...none };
}

async function placeHold(log: LogAddress): Promise<string> {
  const placed = hold();
  await ledgerOf(log).placeHold(log, holdEvent("placed", placed.id), placed);
  return placed.id;
}

function release(log: LogAddress, id: string) {
  return ledgerOf(log).releaseHold(log, holdEvent("released", id), id);
}

describe("Retention", () => {
  it("takes the bundles of 256 that have expired whole, and leaves the rest", async () => {
    const log = await oldLog(600);
    setDay(20);
    await append(log, makeEvents(100));
    expect(await announceOn(log, 29)).toBe("nothing_to_do");
    expect(await announceOn(log, 31)).toBe("announced");
    await sign(log);
    await runAlarms(log);
    expect(await minIndexOf(log)).toBe(512);
    expect((await storedBodies(log)).length).toBe(701 - 512);
  });

  it("waits seven days for a bundle to be full and expired, then takes what has expired", async () => {
    const log = await oldLog(100);
    setDay(35);
    await append(log, makeEvents(10));
    expect(await announceOn(log, 36.9)).toBe("nothing_to_do");
    expect(await announceOn(log, 37.1)).toBe("announced");
    await sign(log);
    await runAlarms(log);
    expect(await minIndexOf(log)).toBe(100);
  });

  it("announces what leaves: its end, the hash before it, and the tree's root there", async () => {
    const log = await oldLog(300);
    const bodies = await storedBodies(log);
    await announceOn(log, 31);
    expect(await lastEvent(log)).toMatchObject({
      action: "ledger.pruned",
      recorded_by: "ledger",
      details: {
        from: "0",
        to: "256",
        last_hash: entryHash(bodies[255]!),
        last_recorded_at: formatTimestamp(START_MS),
        tree_root: encodeHex(new NaiveTree(bodies).root(256)),
        retention_days: "30",
      },
    });
  });

  it("announces once, however often and at however many places it is asked for", async () => {
    const log = await oldLog(300);
    setDay(31);
    const terms = termsAt(Date.now(), 30);
    const answers = await Promise.all(Array.from({ length: 8 }, () => announce(log, terms)));
    expect(new Set(answers)).toEqual(new Set(["announced"]));
    expect(await storedBodies(log)).toHaveLength(301);
  });

  it("deletes nothing, and serves all, until the announcement is under a published checkpoint", async () => {
    const log = await oldLog(300);
    await sign(log);
    await announceOn(log, 31);
    await runAlarms(log);
    expect(await ledgerOf(log).entry(0)).toMatchObject({ seq: 0 });
    vi.spyOn(Ledger.prototype, "publish").mockImplementationOnce(() => {
      throw new Error("died");
    });
    await signLogs(workerEnv, log.shard, [await rowOf(log)]);
    await runAlarms(log);
    expect([await minIndexOf(log), (await storedBodies(log)).length]).toEqual([0, 301]);
    await sign(log);
    // Published, and so no longer served, before it is deleted.
    expect([await ledgerOf(log).entry(255), (await storedBodies(log)).length]).toEqual([
      "pruned",
      301,
    ]);
    await runAlarms(log);
    expect(await storedBodies(log)).toHaveLength(45);
    expect(await ledgerOf(log).entry(256)).toMatchObject({ seq: 256 });
  });

  it("leaves alone a log of which only the ledger's own entries are left", async () => {
    const log = await oldLog(256);
    await announceOn(log, 31);
    await sign(log);
    await runAlarms(log);
    expect(await storedBodies(log)).toHaveLength(1);
    for (const day of [61, 69, 100, 1_000]) {
      expect(await announceOn(log, day)).toBe("nothing_to_do");
    }
    expect(await rowOf(log)).toMatchObject({ oldestAtMs: null });
  });

  it("does nothing to a frozen log: it is evidence", async () => {
    const log = await oldLog(300);
    await ledgerOf(log).freeze(log, "because");
    expect(await announceOn(log, 31)).toBe("closed");
  });
});

describe("A legal hold", () => {
  it("placed before pruning is announced keeps everything, until it is released", async () => {
    const log = await oldLog(300);
    const id = await placeHold(log);
    expect(await announceOn(log, 31)).toBe("held");
    await release(log, id);
    expect(await announceOn(log, 31)).toBe("announced");
  });

  it("placed between announcing and signing stops pruning, until it is released", async () => {
    const log = await oldLog(300);
    await announceOn(log, 31);
    const first = await placeHold(log);
    const second = await placeHold(log);
    await sign(log);
    await runAlarms(log);
    await release(log, first);
    await runAlarms(log);
    expect([await minIndexOf(log), (await storedBodies(log)).length]).toEqual([0, 304]);
    expect(await ledgerOf(log).entry(0)).toMatchObject({ seq: 0 });
    await release(log, second);
    await runAlarms(log);
    expect([await minIndexOf(log), (await storedBodies(log)).length]).toEqual([256, 49]);
  });

  it("released before the announcement is signed lets nothing go early", async () => {
    const log = await oldLog(300);
    const id = await placeHold(log);
    await sign(log);
    await release(log, id);
    await announceOn(log, 31);
    await release(log, await placeHold(log));
    await runAlarms(log);
    expect(await minIndexOf(log)).toBe(0);
    await sign(log);
    expect(await minIndexOf(log)).toBe(256);
  });

  it("is released once, and answers the same release again as it did first", async () => {
    const log = await oldLog(3);
    const id = await placeHold(log);
    const event = makeEvent({ action: "operator.hold.released" });
    const first = await ledgerOf(log).releaseHold(log, event, id);
    const released = await ledgerOf(log).holds();
    expect(first?.kind).toBe("appended");
    setDay(1);
    expect(await ledgerOf(log).releaseHold(log, event, id)).toEqual(first);
    expect(await ledgerOf(log).holds()).toEqual(released);
    expect(await release(log, id)).toBeNull();
    expect(await release(log, newId())).toBeNull();
  });
});

describe("Pruning that is interrupted", () => {
  it("goes on with the next alarm, step by step, through evictions", async () => {
    const log = await oldLog(1_300);
    await announceOn(log, 31);
    await sign(log);
    const left: number[] = [];
    for (let alarms = 0; alarms < 4; alarms += 1) {
      await evictDurableObject(objectOf(log));
      await runDurableObjectAlarm(objectOf(log));
      left.push((await storedBodies(log)).length);
      expect(await sign(log)).toContain("\n1301\n");
    }
    expect(left).toEqual([801, 301, 21, 21]);
  });

  it("leaves all of a step or nothing of it when the step fails, and comes again", async () => {
    const log = await oldLog(300);
    await announceOn(log, 31);
    await sign(log);
    await inLedger(log, (sql) =>
      sql.exec(`CREATE TRIGGER boom BEFORE DELETE ON entries WHEN OLD.seq = 200
        BEGIN SELECT RAISE(ABORT, 'boom'); END`),
    );
    expect(await runDurableObjectAlarm(objectOf(log))).toBe(true);
    expect(await storedBodies(log)).toHaveLength(301);
    await inLedger(log, (sql) => sql.exec("DROP TRIGGER boom"));
    expect(await runDurableObjectAlarm(objectOf(log))).toBe(true);
    expect(await storedBodies(log)).toHaveLength(45);
  });

  it("goes on though its alarm was lost, once anyone wakes the ledger", async () => {
    const log = await oldLog(300);
    await announceOn(log, 31);
    await sign(log);
    await runInDurableObject(objectOf(log), (_, state) => state.storage.deleteAlarm());
    await evictDurableObject(objectOf(log));
    await ledgerOf(log).status();
    await runAlarms(log);
    expect(await storedBodies(log)).toHaveLength(45);
  });
});

describe("An event of which the entry is pruned", () => {
  it("gets its first receipt for as long as it may be resent, and another one under its id 409", async () => {
    setDay(0);
    const log = await newLog();
    const events = makeEvents(256, { details: { text: "é" } });
    const receipts = await append(log, events);
    setDay(10);
    await announce(log, termsAt(Date.now(), 5));
    await sign(log);
    await runAlarms(log);
    expect(await minIndexOf(log)).toBe(256);
    setDay(29);
    await settleLedgerClock(log);
    await append(log, [makeEvent()]);
    await runAlarms(log);
    const resent = events.map((event) => ({ ...event, instance_id: "gw-2" }));
    expect(await append(log, resent)).toEqual(receipts);
    const other = [makeEvent(), { ...events[7]!, outcome: "denied" as const }];
    expect(await ledgerOf(log).append(log, other)).toEqual({ kind: "conflict", index: 1 });
    expect(await storedBodies(log)).toHaveLength(2);
  });

  it("is known by what its sender said, without the token's id that we added", async () => {
    setDay(0);
    const log = await newLog();
    const named = (details: Record<string, string | boolean> | null) => ({
      ...makeEvent(),
      details: { ...details, "mcpg.token_id": "0123456789abcdef" },
    });
    const events = [named(null), named({ "mcpg.empty_details": true }), named({ a: "b" })];
    const receipts = await append(log, [...events, ...makeEvents(253)]);
    setDay(10);
    await announce(log, { ...termsAt(Date.now(), 5), auditDays: 5 });
    await sign(log);
    await runAlarms(log);
    expect(await minIndexOf(log)).toBe(256);
    const said = [null, {}, { a: "b" }].map((details, at) => ({ ...events[at]!, details }));
    expect(await append(log, said)).toEqual(receipts.slice(0, 3));
    expect(await append(log, events)).toEqual(receipts.slice(0, 3));
    const other = [{ ...events[0]!, details: {} }];
    expect(await ledgerOf(log).append(log, other)).toEqual({ kind: "conflict", index: 0 });
  });

  it("is forgotten when it may be resent no more", async () => {
    const log = await oldLog(256);
    setDay(10);
    await announce(log, termsAt(Date.now(), 5));
    await sign(log);
    await runAlarms(log);
    setDay(32);
    await settleLedgerClock(log);
    await append(log, [makeEvent()]);
    await runAlarms(log);
    const rows = await inLedger(log, (sql) => sql.exec("SELECT * FROM pruned_ids").toArray());
    expect(rows).toEqual([]);
  });
});
