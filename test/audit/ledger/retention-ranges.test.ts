import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { AuditEvent } from "#audit/audit-event.ts";
import type { LogAddress } from "#audit/audit-log.ts";
import { ownEvent } from "#audit/own-event.ts";
import { newId } from "../../harness/new-id.ts";
import { beginOnDayZero, START_MS, setDay } from "./calendar.ts";
import { PromisingLog, type Step } from "./promising-log.ts";
import { announce, runAlarms, settleLedgerClock, termsAt } from "./run-pruning.ts";
import {
  append,
  inLedger,
  ledgerOf,
  makeEvent,
  makeEvents,
  newLog,
  rowOf,
  sign,
  storedBodies,
} from "./test-log.ts";

beginOnDayZero();

function own(action: string, details: Record<string, string>): AuditEvent {
  const actor = "operator:admin";
  return ownEvent({ action, actor, details, event_id: newId(), recorded_by: actor });
}

const created = (days: number) => own("operator.org.created", { audit_days: String(days) });
const changed = (from: number, to: number) =>
  own("operator.org.updated", { "audit_days.from": String(from), "audit_days.to": String(to) });

async function rangesOf(log: LogAddress): Promise<[number, number][]> {
  const { retentionRanges = [] } = (await ledgerOf(log).status()) ?? {};
  return retentionRanges.map(({ fromSeq, days }) => [fromSeq, days]);
}

/** What the cron sets in motion on that day, where that many days are in force. */
async function pruneOn(log: LogAddress, day: number, daysInForce: number): Promise<number> {
  setDay(day);
  await announce(log, termsAt(Date.now(), daysInForce));
  await sign(log);
  await runAlarms(log);
  return (await ledgerOf(log).status())?.minIndex ?? 0;
}

describe("What is promised to entries", () => {
  it("is made of the entries that tell of it: a reduction holds for what comes after it alone", async () => {
    const log = await newLog();
    await append(log, [created(2_555), ...makeEvents(3), changed(2_555, 30), ...makeEvents(2)]);
    expect(await rangesOf(log)).toEqual([
      [0, 2_555],
      [5, 30],
    ]);
  });

  it("rises for all that is there, and what rose does not fall again", async () => {
    const log = await newLog();
    await append(log, [created(180), makeEvent(), changed(180, 30), makeEvent()]);
    await append(log, [changed(30, 90), makeEvent()]);
    expect(await rangesOf(log)).toEqual([
      [0, 180],
      [3, 90],
    ]);
    await append(log, [changed(90, 400), makeEvent(), changed(400, 30)]);
    expect(await rangesOf(log)).toEqual([
      [0, 400],
      [9, 30],
    ]);
  });

  it("begins, where the log never said, with what the first change says was in force", async () => {
    const log = await newLog();
    await append(log, [...makeEvents(5), changed(180, 30)]);
    expect(await rangesOf(log)).toEqual([
      [0, 180],
      [6, 30],
    ]);
  });

  it("is not told by an event that a gateway reported, whatever it is called", async () => {
    const log = await newLog();
    await append(log, [created(90), { ...changed(90, 30), instance_id: "gw-1" }]);
    await append(log, [{ ...makeEvent(), details: { "audit_days.to": "1", audit_days: "1" } }]);
    expect(await rangesOf(log)).toEqual([[0, 90]]);
  });

  it("is there with the entry or not at all, and once however often the entry is sent", async () => {
    const log = await newLog();
    const change = changed(90, 30);
    await append(log, [created(90)]);
    const taken = makeEvent();
    await append(log, [taken]);
    const refused = [change, { ...taken, target: "tool://x/y" }];
    expect(await ledgerOf(log).append(log, refused)).toMatchObject({ kind: "conflict" });
    expect(await rangesOf(log)).toEqual([[0, 90]]);
    await append(log, [change]);
    await append(log, [makeEvent(), change]);
    expect(await rangesOf(log)).toEqual([
      [0, 90],
      [3, 30],
    ]);
  });

  it("is not taken back by any statement, by itself", async () => {
    const log = await newLog();
    await append(log, [created(90), makeEvent(), changed(90, 30), ...makeEvents(3)]);
    const attempt = (statement: string) =>
      inLedger(log, (sql) => {
        try {
          return `wrote ${sql.exec(statement).rowsWritten}`;
        } catch (error) {
          return (error as Error).message;
        }
      });
    for (const statement of [
      "DELETE FROM retention_ranges",
      "DELETE FROM retention_ranges WHERE from_seq = 0",
      "UPDATE retention_ranges SET days = days - 1",
      "UPDATE retention_ranges SET from_seq = 1 WHERE from_seq = 3",
      "INSERT INTO retention_ranges VALUES (2, 10)",
      "INSERT INTO retention_ranges VALUES (6, 10)",
      "INSERT INTO retention_ranges VALUES (7, 10)",
      "REPLACE INTO retention_ranges VALUES (0, 10)",
    ]) {
      expect([statement, await attempt(statement)]).toEqual([
        statement,
        expect.stringContaining("a promise is not taken back"),
      ]);
    }
  });
});

describe("Pruning", () => {
  it("waits for what was promised when entries were written, though less is in force", async () => {
    const log = await newLog();
    await append(log, [created(180), ...makeEvents(299), changed(180, 30), ...makeEvents(300)]);
    expect(await pruneOn(log, 179, 30)).toBe(0);
    expect((await rowOf(log)).oldestAtMs).toBe(START_MS);
    expect(await pruneOn(log, 181, 30)).toBe(512);
  });

  it("takes what comes after a reduction by the shorter retention, once what is before it is gone", async () => {
    const log = await newLog();
    await append(log, [created(180), ...makeEvents(254), changed(180, 30)]);
    setDay(170);
    await append(log, makeEvents(256));
    expect(await pruneOn(log, 181, 30)).toBe(256);
    expect(await pruneOn(log, 199, 30)).toBe(256);
    expect(await pruneOn(log, 201, 30)).toBe(512);
  });

  it("waits seven days for a full bundle beyond what was promised, not beyond what is in force", async () => {
    const log = await newLog();
    await append(log, [created(180), ...makeEvents(20), changed(180, 30)]);
    expect(await pruneOn(log, 186.9, 30)).toBe(0);
    expect(await pruneOn(log, 187.1, 30)).toBe(22);
  });

  it("says the days that all of what leaves was kept: those of the last of it", async () => {
    const daysAnnounced = async (log: LogAddress) => {
      const last = (await storedBodies(log)).at(-1);
      return JSON.parse(new TextDecoder().decode(last)).details.retention_days;
    };
    const mixed = await newLog();
    await append(mixed, [created(180), changed(180, 30), ...makeEvents(300)]);
    await pruneOn(mixed, 181, 30);
    expect(await daysAnnounced(mixed)).toBe("30");
    setDay(0);
    const alike = await newLog();
    await append(alike, [created(180), ...makeEvents(299), changed(180, 30)]);
    await pruneOn(alike, 181, 30);
    expect(await daysAnnounced(alike)).toBe("180");
  });

  it("that is announced and not done yet is given up for a longer promise", async () => {
    const log = await newLog();
    await append(log, [created(30), ...makeEvents(299)]);
    setDay(31);
    expect(await announce(log, termsAt(Date.now(), 30))).toBe("announced");
    await append(log, [changed(30, 90)]);
    await sign(log);
    await runAlarms(log);
    expect((await ledgerOf(log).status())?.minIndex).toBe(0);
    expect(await pruneOn(log, 89, 90)).toBe(0);
    expect(await pruneOn(log, 91, 90)).toBe(256);
  });

  it("of all that an org had, once it is deleted, waits for the longest promise that is left", async () => {
    const log = await newLog();
    await append(log, [created(180), makeEvent(), changed(180, 30)]);
    const destroyOn = async (day: number) => {
      setDay(day);
      await settleLedgerClock(log);
      return ledgerOf(log).destroy(Date.now(), 30);
    };
    expect(await destroyOn(31)).toBe(false);
    expect(await destroyOn(179)).toBe(false);
    expect(await destroyOn(181)).toBe(true);
  });
});

const days = fc.constantFrom(30, 45, 90, 180);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      count: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 200, max: 300 })),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("change" as const), days }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      days: fc.integer({ min: 1, max: 60 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("prune" as const) }) },
);

it("Of whatever comes in whatever order nothing leaves before its promise, and all that may go goes", async () => {
  const sequences = fc.asyncProperty(
    days,
    fc.array(step, { minLength: 4, maxLength: 16 }),
    async (first, steps) => {
      vi.setSystemTime(START_MS);
      const log = await PromisingLog.begin(first);
      for (const each of steps) await log.take(each);
      // Whatever is left goes in the end, for nothing is promised for ever.
      await log.take({ kind: "wait", days: 200 });
      await log.take({ kind: "prune" });
      await log.take({ kind: "prune" });
      await log.expectAllGone();
    },
  );
  await fc.assert(sequences, { numRuns: 40, seed: 11 });
}, 120_000);
