import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { LogAddress } from "#audit/audit-log.ts";
import { ANY_EVENT } from "#audit/entry-filter.ts";
import { firstUnexpired } from "#audit/ledger/times/recorded-times.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { newId } from "../../harness/new-id.ts";
import { beginOnDayZero, DAY_MS, MINUTE_MS, pass, START_MS, setDay } from "./calendar.ts";
import { announce, runAlarms, settleLedgerClock, termsAt } from "./run-pruning.ts";
import {
  append,
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

/** Recorded on day 0, signed, told to D1. */
async function oldLog(size: number): Promise<LogAddress> {
  const log = await newLog();
  await append(log, makeEvents(size));
  await sign(log);
  await runAlarms(log);
  return log;
}

const ask = (log: LogAddress, tickMs: number, days: number) =>
  ledgerOf(log).announcePruning(log, termsAt(tickMs, days), newId());

function correct(log: LogAddress, event = makeEvent({ action: "ledger.clock_corrected" })) {
  return ledgerOf(log).correctClock(log, event, false);
}

async function minIndexOf(log: LogAddress): Promise<number> {
  return (await ledgerOf(log).status())?.minIndex ?? 0;
}

describe("A ledger that is asked to delete", () => {
  it("has its own clock agree for an hour, by alarms of its own however seldom it is asked", async () => {
    const log = await oldLog(300);
    setDay(31);
    expect(await ask(log, Date.now(), 30)).toBe("clock_unsettled");
    for (let minute = 5; minute <= 60; minute += 5) {
      expect(await ask(log, Date.now(), 30)).toBe("clock_unsettled");
      pass(5);
      expect(await runDurableObjectAlarm(objectOf(log))).toBe(true);
    }
    expect((await ledgerOf(log).status())?.deletionWaitsUntilMs).toBeNull();
    expect(await ask(log, Date.now(), 30)).toBe("announced");
  });

  it("goes by its own clock where the one that asks is ahead of it", async () => {
    const log = await oldLog(300);
    await settleLedgerClock(log);
    for (const day of [31, 400, 40_000]) {
      expect(await ask(log, START_MS + day * DAY_MS, 30)).toBe("nothing_to_do");
    }
  });

  it("and goes by the one that asks where its own is ahead, however long it has been so", async () => {
    const log = await oldLog(300);
    setDay(4_000);
    await settleLedgerClock(log);
    expect(await ask(log, START_MS, 30)).toBe("nothing_to_do");
    expect(await ledgerOf(log).destroy(START_MS, 30)).toBe(false);
    expect(await storedBodies(log)).toHaveLength(300);
  });

  it("is not destroyed by a clock that has jumped", async () => {
    const log = await oldLog(3);
    setDay(4_000);
    for (let asked = 0; asked < 3; asked += 1) {
      expect(await ledgerOf(log).destroy(Date.now(), 30)).toBe(false);
    }
    expect(await storedBodies(log)).toHaveLength(3);
  });

  it("forgets no id of what is pruned by a clock that has jumped", async () => {
    const log = await newLog();
    const events = makeEvents(256);
    const receipts = await append(log, events);
    setDay(6);
    await announce(log, termsAt(Date.now(), 5));
    await sign(log);
    await runAlarms(log);
    setDay(4_000);
    await append(log, [makeEvent()]);
    await runDurableObjectAlarm(objectOf(log));
    expect(await append(log, events)).toEqual(receipts);
  });
});

describe("What a clock that was ahead has left", () => {
  /** Came back after an entry, an announcement and an alarm of its time. */
  async function farLog(): Promise<LogAddress> {
    const log = await oldLog(300);
    setDay(4_000);
    expect(await announce(log, termsAt(Date.now(), 30))).toBe("announced");
    await append(log, [makeEvent()]);
    setDay(0.1);
    return log;
  }

  it("in a pruning that it announced is not carried out, be it signed, before or after the correction", async () => {
    const log = await farLog();
    await sign(log);
    expect(await minIndexOf(log)).toBe(0);
    expect((await correct(log)).kind).toBe("corrected");
    setDay(20);
    await append(log, [makeEvent()]);
    await sign(log);
    expect([await minIndexOf(log), (await storedBodies(log)).length]).toEqual([0, 304]);
    // Withdrawn, so that it is announced anew when it is due.
    setDay(31);
    expect(await announce(log, termsAt(Date.now(), 30))).toBe("announced");
    await sign(log);
    expect(await minIndexOf(log)).toBe(256);
  });

  it("in an alarm does not keep D1 from being told, nor entries from being signed", async () => {
    const log = await farLog();
    await append(log, [makeEvent()]);
    const atMs = await runInDurableObject(objectOf(log), (_, { storage }) => storage.getAlarm());
    expect(atMs).toBeLessThan(Date.now() + MINUTE_MS);
    await runAlarms(log);
    expect((await rowOf(log)).treeSize).toBe(303);
  });

  it("in times of record is ended once, by the correction and to its time; the same call again changes nothing", async () => {
    const log = await farLog();
    await append(log, [makeEvent()]);
    const event = makeEvent({ action: "ledger.clock_corrected", details: { reason: "x" } });
    const first = await correct(log, event);
    const far = formatTimestamp(START_MS + 4_000 * DAY_MS);
    const now = formatTimestamp(Date.now());
    expect(first).toEqual({ kind: "corrected", seq: 303, from: far, to: now });
    pass(10);
    expect(await correct(log, event)).toEqual(first);
    expect(await correct(log)).toEqual({ kind: "nothing_to_correct" });
    await append(log, [makeEvent()]);
    const times = (await storedBodies(log))
      .slice(-3)
      .map((body) => JSON.parse(new TextDecoder().decode(body)).recorded_at);
    expect(times).toEqual([far, now, formatTimestamp(Date.now())]);
  });

  it("hides no entry from a search by time", async () => {
    const log = await farLog();
    await correct(log);
    pass(10);
    await append(log, makeEvents(3));
    const filter = { ...ANY_EVENT, actor: "user:alice@acme" };
    const found = async (from: string | null, to: string | null) => {
      const page = { behind: null, limit: 1_000 };
      const { entries } = await ledgerOf(log).search({ ...filter, from, to }, page);
      return entries.length;
    };
    const far = formatTimestamp(START_MS + 3_000 * DAY_MS);
    // 300 of the first day, one far ahead, the correction, three after it.
    expect(await found(null, far)).toBe(304);
    expect(await found(formatTimestamp(Date.now()), far)).toBe(3);
    expect(await found(far, null)).toBe(1);
  });
});

/** Days of record, each with so many entries; a fall stands for a correction of the clock. */
const DAYS = [0, 0, 1, 3, 900, 901, 2, 4, 4, 40, 3_000, 5, 6, 30, 31];

describe("The first entry that has not expired", () => {
  /** Each entry's day, and its own correction's where the clock fell behind it. */
  function naive(now: number, retentionDays: number): number {
    const until = now - retentionDays;
    const entries = DAYS.flatMap((day, at) => {
      const falls = at > 0 && day < DAYS[at - 1]!;
      return Array.from({ length: falls ? 4 : 3 }, () => ({ day, at }));
    });
    const hasExpired = ({ day, at }: { day: number; at: number }) => {
      if (day < until) return true;
      const next = DAYS.findIndex((later, index) => index > at && later < DAYS[index - 1]!);
      return day > now && next !== -1 && DAYS[next]! < until;
    };
    const first = entries.findIndex((entry) => !hasExpired(entry));
    return first === -1 ? entries.length : first;
  }

  async function logOfDays(): Promise<LogAddress> {
    const log = await newLog();
    for (const [at, day] of DAYS.entries()) {
      setDay(day);
      if (at > 0 && day < DAYS[at - 1]!) expect((await correct(log)).kind).toBe("corrected");
      await append(log, makeEvents(3));
    }
    return log;
  }

  it("is found wherever the clock was corrected, as looking at each of them finds it", async () => {
    const log = await logOfDays();
    const all = { from: 0, end: (await ledgerOf(log).status())?.treeSize ?? 0 };
    for (const now of [0.5, 3.5, 10, 31.5, 35, 61, 800, 1_200, 4_000]) {
      for (const retention of [1, 2, 5, 30]) {
        const expiredBefore = formatTimestamp(START_MS + (now - retention) * DAY_MS);
        const terms = { expiredBefore, now: formatTimestamp(START_MS + now * DAY_MS) };
        const found = await inLedger(log, (sql) => firstUnexpired(sql, all, terms));
        expect([now, retention, found]).toEqual([now, retention, naive(now, retention)]);
      }
    }
  });
});
