import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LegalHold, LogAddress } from "#audit/audit-log.ts";
import { ownEvent } from "#audit/own-event.ts";
import { announceKey } from "#audit/signing/key-rotation.ts";
import { workerEnv } from "../../harness/deployment.ts";
import { newId } from "../../harness/new-id.ts";
import { beginOnDayZero, DAY_MS } from "./calendar.ts";
import { doctor } from "./doctored.ts";
import { announce, pruneTo, runAlarms, runScrub, termsAt } from "./run-pruning.ts";
import {
  append,
  holdEvent,
  ledgerOf,
  makeEvents,
  newLog,
  newLogOf,
  objectOf,
  rowOf,
  sign,
  storedBodies,
} from "./test-log.ts";

beginOnDayZero();
// That a log froze is logged.
beforeEach(() => {
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.restoreAllMocks();
});

const run =
  (query: string, ...values: unknown[]) =>
  (sql: SqlStorage) =>
    void sql.exec(query, ...values);

async function frozenFor(log: LogAddress): Promise<string | null | undefined> {
  return (await ledgerOf(log).status())?.frozenReason;
}

/** An honest pass freezes nothing and mends nothing; the one after the change says what contradicts. */
async function requireFound(
  log: LogAddress,
  change: (sql: SqlStorage) => void,
  reason: RegExp,
): Promise<void> {
  await runScrub(log);
  const { frozenReason, scrub } = (await ledgerOf(log).status())!;
  expect([frozenReason, scrub?.mendedBundles]).toEqual([null, 0]);
  await doctor(log, change);
  vi.setSystemTime(Date.now() + 1_000);
  await runScrub(log);
  expect(await frozenFor(log)).toMatch(reason);
  await runAlarms(log);
  expect((await rowOf(log)).frozenReason).toMatch(reason);
}

/** 200 entries signed, then 300, then 20 more that are not. */
async function signedLog(): Promise<{ log: LogAddress; older: string }> {
  const log = await newLogOf(200);
  const older = await sign(log);
  await append(log, makeEvents(100));
  await sign(log);
  await append(log, makeEvents(20));
  return { log, older };
}

const NOT_SIGNED = /^the checkpoint of size 300 is not signed by the log's key$/;

describe("The checkpoint that the ledger keeps", () => {
  it.each([
    [
      "has another root",
      (note: string) =>
        note.replace(
          /\n(.)(.{43})\n/,
          (_, first, rest) => `\n${first === "A" ? "B" : "A"}${rest}\n`,
        ),
      /^the ledger's first 300 entries are not those that were signed$/,
    ],
    ["has another signature", (note: string) => note.replace(/.{8}\n$/, "AAAAAA==\n"), NOT_SIGNED],
    ["has a line more", (note: string) => note.replace("\n\n", "\nmore\n\n"), NOT_SIGNED],
    [
      "has another size",
      (note: string) => note.replace("\n300\n", "\n299\n"),
      /^the checkpoint is not of size 300$/,
    ],
    [
      "is another log's",
      (note: string) => note.replace("log-", "gol-"),
      /^the checkpoint is of another log$/,
    ],
    ["is no note", () => "mcpg.local", /^the checkpoint is not of size 300$/],
  ])("is found by a pass where it %s", async (_, change, reason) => {
    const { log } = await signedLog();
    const { checkpoint } = (await ledgerOf(log).status())!;
    const changed = change(checkpoint ?? "");
    expect(changed).not.toBe(checkpoint);
    await requireFound(log, run("UPDATE log SET checkpoint = ?", changed), reason);
  });

  it("is found where it is gone: the log does not pass for one that was never signed", async () => {
    const { log } = await signedLog();
    const reason = /^the checkpoint is not of size 300$/;
    await requireFound(log, run("UPDATE log SET checkpoint = NULL"), reason);
  });

  it("is found where it was set back to an older one of its own", async () => {
    const { log, older } = await signedLog();
    const change = run("UPDATE log SET checkpoint = ?, published_size = 200", older);
    await requireFound(log, change, /^the checkpoint is of 200 entries and was of 300: it was set/);
  });

  it("is signed by the log's key through rotations, also where both keys sign", async () => {
    const log = await newLogOf(5);
    await sign(log);
    for (let rotation = 0; rotation < 2; rotation += 1) {
      await announceKey(workerEnv, log, "operator:admin");
      await sign(log);
      await runScrub(log);
      await append(log, makeEvents(2));
      await sign(log);
      await runScrub(log);
    }
    expect(await frozenFor(log)).toBeNull();
  });
});

describe("The minimum index", () => {
  it.each([
    ["raised", 300, /^no signed entry announced that the entries before 300 were to be pruned$/],
    ["lowered", 0, /^entry 0 is missing$/],
  ])("is held to the announcement that was signed: %s", async (_, minIndex, reason) => {
    const log = await newLogOf(400);
    await pruneTo(log, 256);
    await requireFound(log, run("UPDATE log SET min_index = ?", minIndex), reason);
  });

  it("deletes nothing that no signed entry announced, though an alarm comes before the pass", async () => {
    const log = await newLogOf(300);
    await sign(log);
    await runAlarms(log);
    await doctor(log, run("UPDATE log SET min_index = 256"));
    await ledgerOf(log).append(log, makeEvents(1));
    await runAlarms(log);
    expect(await frozenFor(log)).toMatch(/^no signed entry announced that the entries before 256/);
    expect(await storedBodies(log)).toHaveLength(301);
  });
});

/** 300 entries, of which 256 are announced to leave; not signed yet. */
async function announcedLog(): Promise<LogAddress> {
  const log = await newLogOf(300);
  await sign(log);
  const terms = { ...termsAt(Date.now() + DAY_MS, 0), tickMs: Date.now(), overdueBefore: "" };
  expect(await announce(log, terms)).toBe("announced");
  return log;
}

describe("A pruning that is announced", () => {
  const reason = /^entry (300|null|17) does not announce that the entries before (280|256)/;
  it.each([
    ["to", "UPDATE log SET prune_to = 280"],
    ["by", "UPDATE log SET prune_entry = 17"],
    ["by none", "UPDATE log SET prune_entry = NULL"],
  ])("is held to its entry by a pass: %s", async (_, query) => {
    await requireFound(await announcedLog(), run(query), reason);
  });

  it("is not carried out where it says more than its entry", async () => {
    const log = await announcedLog();
    await doctor(log, run("UPDATE log SET prune_to = 280"));
    await sign(log).catch(() => undefined);
    await runAlarms(log);
    expect(await frozenFor(log)).toMatch(reason);
    expect(await storedBodies(log)).toHaveLength(301);
  });
});

/** A log of 300 entries and a hold. */
async function heldLog(): Promise<{ log: LogAddress; id: string }> {
  const log = await newLogOf(300);
  const id = newId();
  const none = { releasedBy: null, releasedAtMs: null };
  const hold: LegalHold = { id, reason: "a", placedBy: "user:a", placedAtMs: Date.now(), ...none };
  await ledgerOf(log).placeHold(log, holdEvent("placed", id), hold);
  await sign(log);
  return { log, id };
}

const NOT_AS_TOLD = /^the hold \S+ is not what the entries say of it$/;
const RELEASED = "UPDATE holds SET released_at_ms = 1, released_by = 'user:a'";

describe("A hold", () => {
  it.each([
    ["released", RELEASED],
    ["gone", "DELETE FROM holds"],
    ["put in", "INSERT INTO holds (id, reason, placed_by, placed_at_ms) VALUES ('x', 'y', 'z', 1)"],
  ])("is held to the entries that tell of it by a pass: %s", async (_, query) => {
    await requireFound((await heldLog()).log, run(query), NOT_AS_TOLD);
  });

  it("that was released on the record is found where it is in force again", async () => {
    const { log, id } = await heldLog();
    await ledgerOf(log).releaseHold(log, holdEvent("released", id), id);
    const again = "UPDATE holds SET released_at_ms = NULL, released_by = NULL";
    await requireFound(log, run(again), NOT_AS_TOLD);
  });

  it("that the log took over from the one before it is found where it is gone", async () => {
    const log = await newLog();
    const id = newId();
    const none = { releasedBy: null, releasedAtMs: null };
    const hold = { id, reason: "a", placedBy: "user:a", placedAtMs: Date.now(), ...none };
    await ledgerOf(log).adoptHolds(log, [hold]);
    const by = { actor: "ledger", recorded_by: "operator:admin", event_id: newId() };
    await append(log, [ownEvent({ action: "ledger.succeeded", details: { holds: id }, ...by })]);
    await requireFound(log, run("DELETE FROM holds"), NOT_AS_TOLD);
  });

  it("keeps what is there, though its row says that it was released", async () => {
    const { log } = await heldLog();
    await doctor(log, run(RELEASED));
    const terms = { ...termsAt(Date.now() + DAY_MS, 0), tickMs: Date.now(), overdueBefore: "" };
    expect(await announce(log, terms)).toBe("closed");
    expect(await frozenFor(log)).toMatch(NOT_AS_TOLD);
    expect(await storedBodies(log)).toHaveLength(301);
  });
});

/** 1,000 days were promised to the first entries, 30 to those since. */
async function promisedLog(): Promise<LogAddress> {
  const log = await newLog();
  const own = (action: string, details: Record<string, string>) => {
    const by = { actor: "operator:admin", recorded_by: "operator:admin", event_id: newId() };
    return ownEvent({ action, details, ...by });
  };
  await append(log, [own("operator.org.created", { audit_days: "1000" }), ...makeEvents(300)]);
  const change = { "audit_days.from": "1000", "audit_days.to": "30" };
  await append(log, [own("operator.org.updated", change), ...makeEvents(10)]);
  await sign(log);
  return log;
}

describe("What was promised to entries", () => {
  const reason = /^the retention that entry (0|301) tells of is not what is promised to it$/;
  it.each([
    "UPDATE retention_ranges SET days = 30",
    "UPDATE retention_ranges SET days = 999 WHERE from_seq = 0",
    "DELETE FROM retention_ranges",
    "INSERT INTO retention_ranges (from_seq, days) VALUES (300, 40)",
  ])("is held to the entries that tell of it by a pass: %s", async (query) => {
    await requireFound(await promisedLog(), run(query), reason);
  });

  it("is kept, though the ranges say less", async () => {
    const log = await promisedLog();
    await doctor(log, run("UPDATE retention_ranges SET days = 30"));
    vi.setSystemTime(Date.now() + 100 * DAY_MS);
    expect(await announce(log, termsAt(Date.now(), 30))).toBe("closed");
    expect(await frozenFor(log)).toMatch(reason);
  });
});

describe("The tree", () => {
  it("is found where a tile lies beyond it, in the way of hashes that are to come", async () => {
    for (const [level, index] of [
      [0, 2],
      [1, 1],
      [2, 0],
    ]) {
      const { log } = await signedLog();
      const change = run("INSERT INTO tiles VALUES (?, ?, zeroblob(64))", level, index);
      await requireFound(log, change, /^tile \d\/\d has hashes of entries that never came$/);
    }
  });

  it("is found where it does not fit the entries that are not signed yet", async () => {
    const log = await newLogOf(300);
    const change = run("UPDATE tiles SET hashes = zeroblob(32) WHERE level = 1");
    await requireFound(log, change, /^entries 0 to 255 are not those that the tree above them/);
  });
});

describe("A log", () => {
  it("under another's name tells D1 nothing: no other log's row is written", async () => {
    const [log, other] = [await newLogOf(3), await newLogOf(5)];
    await sign(log);
    await sign(other);
    await doctor(log, run("UPDATE log SET org = ?, tree_size = 9, told_size = 0", other.org));
    const before = await rowOf(other);
    await runInDurableObject(objectOf(log), (ledger) => ledger.alarm());
    expect(await rowOf(other)).toEqual(before);
  });
});
