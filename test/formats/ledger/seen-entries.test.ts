import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CanonicalObject } from "#formats/canonical-json.ts";
import { type LogEvidence, RETENTION_DAYS_MIN } from "#formats/ledger/evidence.ts";
import type { Entry } from "#formats/ledger/read-entry.ts";
import { daysPromisedBy, EntryMemory, type SeenEntries } from "#formats/ledger/seen-entries.ts";
import { exitCodeOf } from "#formats/ledger/verdicts.ts";
import { SyntheticLog } from "../../harness/synthetic-log.ts";
import { auditOf, codesOf, evidenceOf, keptOf, linesOf, NOT_JUDGED } from "./evidence-of.ts";

/** Entry n of a synthetic log is recorded n seconds after this. */
const START_MS = Date.parse("2026-11-20T00:00:00Z");
const DAY_MS = 86_400_000;
const at = (ms: number) => new Date(START_MS + ms).toISOString();
const EARLY = ["INCOMPLETE pruned_too_early"];

const LATER = {
  freshness: { ...NOT_JUDGED, nowMs: START_MS + 4_000 * DAY_MS },
  retentionDaysMin: RETENTION_DAYS_MIN,
};

/** 300 entries whose first one tells of so many days; null: none does. */
function begun(days: string | null): SyntheticLog {
  const log = new SyntheticLog();
  if (days !== null) log.own("operator.org.created", { audit_days: days });
  return log.append(300 - log.entries.length).sign();
}

/** What a run that read all of it keeps. */
function keptFrom(log: SyntheticLog, before: LogEvidence["kept"] = []) {
  const evidence = evidenceOf(log, { ...LATER, kept: before, ...proofs(log, before) });
  const { seen, lastRecordedAt, findings } = auditOf(evidence, linesOf(log));
  expect(findings).toEqual([]);
  return keptOf(log.checkpoint!, lastRecordedAt, seen);
}

const proofs = (log: SyntheticLog, kept: LogEvidence["kept"]) => ({
  earlierProofs: new Map(
    kept.map(({ checkpoint: { size } }) => [size, log.consistency(size, log.size)] as const),
  ),
});

/** The prefix goes when that many days have passed, kept for as many as it says. */
function prune(log: SyntheticLog, days: string, afterDays: number, to = 256): SyntheticLog {
  const details: CanonicalObject = { retention_days: days, last_recorded_at: at((to - 1) * 1_000) };
  log.announcePruning(to, details, at(afterDays * DAY_MS)).sign();
  log.minimumIndex = to;
  return log;
}

function judge(log: SyntheticLog, kept: LogEvidence["kept"]): string[] {
  const report = auditOf(evidenceOf(log, { ...LATER, kept, ...proofs(log, kept) }), linesOf(log));
  if (report.findings.length > 0) expect(exitCodeOf(report.findings)).toBe(50);
  return codesOf(report);
}

describe("A pruning of entries that the verifier has seen", () => {
  it("before the time that the log promised them is no retention, whatever days it makes up", () => {
    const kept = [keptFrom(begun("2555"))];
    const cut = () => prune(begun("2555"), "30", 31);
    // Who has not seen them has the operator's word.
    expect(judge(cut(), [])).toEqual([]);
    expect(judge(cut(), kept)).toEqual(EARLY);
    expect(judge(prune(begun("2555"), "30", 2_556), kept)).toEqual([]);
    expect(judge(prune(begun("2555"), "2555", 2_556), kept)).toEqual([]);
  });

  it("is held to the promise though the entry that made it is gone, and was before the last run", () => {
    const log = begun("365").append(300);
    const first = keptFrom(log.sign());
    prune(log, "365", 366);
    for (const day of [367, 368]) log.append(200, { recorded_at: at(day * DAY_MS) });
    const second = keptFrom(log.sign(), [first]);
    const cut = (days: number) => {
      const copy = new SyntheticLog();
      copy.entries.push(...log.entries);
      copy.minimumIndex = log.minimumIndex;
      const details = { retention_days: "30", last_recorded_at: at(367 * DAY_MS) };
      copy.announcePruning(768, details, at(days * DAY_MS)).sign();
      copy.minimumIndex = 768;
      return copy;
    };
    expect(judge(cut(400), [second])).toEqual(EARLY);
    expect(judge(cut(733), [second])).toEqual([]);
  });

  it("is told of each entry's own time, though the announcement lies of the newest one's", () => {
    const kept = [keptFrom(begun("90"))];
    const lie = { retention_days: "90", last_recorded_at: at(-80 * DAY_MS) };
    const cut = begun("90")
      .announcePruning(100, lie, at(11 * DAY_MS))
      .sign();
    cut.minimumIndex = 100;
    expect(judge(cut, [])).toEqual([]);
    expect(judge(cut, kept)).toEqual(EARLY);
  });

  it("is held to the lowest tier's days where the log never told of any", () => {
    expect(judge(prune(begun(null), "30", 31), [keptFrom(begun(null))])).toEqual([]);
  });
});

describe("Days that no tier has", () => {
  it.each(["0", "29", "-1", "30.5", "1e3", "", "x"])(
    "are a finding, seen or not, however long the entries were kept: %s",
    (days) => {
      expect(judge(prune(begun(null), days, 3_000), [])).toEqual(EARLY);
      expect(judge(prune(begun(null), days, 3_000), [keptFrom(begun(null))])).toEqual(EARLY);
    },
  );

  it("begin at the lowest tier's", () => {
    expect(judge(prune(begun(null), "30", 3_000), [])).toEqual([]);
  });
});

type Change = { from: number; to: number } | null;
const days = fc.constantFrom(30, 60, 90, 180, 365, 2_555);
const lives: fc.Arbitrary<Change[]> = fc.array(
  fc.option(fc.record({ from: days, to: days }), { freq: 3 }),
  { maxLength: 60 },
);

function entryOf(change: Change, seq: number): Entry {
  const details =
    change === null
      ? null
      : { "audit_days.from": String(change.from), "audit_days.to": String(change.to) };
  return { action: "operator.org.updated", details, recordedAt: at(seq * 1_000) } as Entry;
}

/** Each entry's promise by itself: a change's larger days hold for all that is there, then what it changed to. */
function naivePromises(life: readonly Change[]): number[] {
  const promised: number[] = [];
  let inForce = 0;
  for (const change of life) {
    promised.push(inForce);
    if (change === null) continue;
    const raised = Math.max(change.from, change.to);
    promised.forEach((before, seq) => {
      promised[seq] = Math.max(before, raised);
    });
    inForce = change.to;
  }
  return promised;
}

function remember(life: readonly Change[], from: number, before: SeenEntries | null): SeenEntries {
  const memory = new EntryMemory(from, before?.promises ?? []);
  for (const [seq, change] of life.entries())
    if (seq >= from) memory.read(seq, entryOf(change, seq));
  return memory.seen;
}

describe("What is remembered of entries", () => {
  it("is what was promised to each, in one run or in two, wherever the log begins by the second", () => {
    fc.assert(
      fc.property(lives, fc.nat(60), fc.nat(60), (life, cut, begin) => {
        const end = Math.min(cut, life.length);
        const whole = remember(life, 0, null);
        const inTwo = remember(life, Math.min(begin, end), remember(life.slice(0, end), 0, null));
        expect(inTwo.promises).toEqual(whole.promises);
        const promised = life.map((_, seq) => daysPromisedBy(whole.promises, seq));
        expect(promised).toEqual(naivePromises(life));
      }),
      { numRuns: 300 },
    );
  });

  it("is each time of a short log, and of a long one those by which prunings end", () => {
    const timesOf = (size: number) => {
      const memory = new EntryMemory(0, []);
      for (let seq = 0; seq < size; seq += 1) memory.read(seq, entryOf(null, seq));
      return memory.seen.times;
    };
    expect(timesOf(4_096).map(({ seq }) => seq)).toEqual(
      Array.from({ length: 4_096 }, (_, n) => n),
    );
    const long = timesOf(300_000);
    expect(long.length).toBeLessThanOrEqual(4_096);
    expect(long.every(({ seq }) => (seq + 1) % 128 === 0)).toBe(true);
    expect(long.at(0)).toEqual({ seq: 127, recordedAt: at(127_000) });
  });

  it("is less than was promised, never more, in a log that changes its mind again and again", () => {
    const life = Array.from({ length: 200 }, (_, n) => ({ from: 1_000 - n, to: 999 - n }));
    const { promises } = remember(life, 0, null);
    expect(promises.length).toBeLessThanOrEqual(64);
    const naive = naivePromises(life);
    life.forEach((_, seq) => {
      expect(daysPromisedBy(promises, seq)).toBeLessThanOrEqual(naive[seq]!);
    });
  });
});
