import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CanonicalObject } from "#formats/canonical-json.ts";
import type { LogEvidence } from "#formats/ledger/evidence.ts";
import { exitCodeOf } from "#formats/ledger/verdicts.ts";
import { SyntheticLog } from "../../harness/synthetic-log.ts";
import { auditOf, codesOf, evidenceOf, keptOf, linesOf, NOT_JUDGED } from "./evidence-of.ts";

/** Entry n of a synthetic log is recorded n seconds after this. */
const START_MS = Date.parse("2026-11-20T00:00:00Z");
const DAY_MS = 86_400_000;
const at = (ms: number) => new Date(START_MS + ms).toISOString();
const FAR = "2100-01-01T00:00:00.000Z";

function reportOf(log: SyntheticLog, changes: Partial<LogEvidence> = {}) {
  return auditOf(evidenceOf(log, changes), linesOf(log));
}

/** Entries of a clock that was ahead, then a correction, then entries of the right one. */
function corrected(details: CanonicalObject = {}, recordedAt = at(25_000)): SyntheticLog {
  const log = new SyntheticLog().append(20).append(5, { recorded_at: FAR });
  return correct(log, { from: FAR, to: recordedAt, ...details }, recordedAt)
    .append(10)
    .sign();
}

function correct(log: SyntheticLog, details: CanonicalObject, recordedAt: string): SyntheticLog {
  const action = "ledger.clock_corrected";
  return log.append(1, { action, details, actor: "operator:admin", recorded_at: recordedAt });
}

describe("Times of record", () => {
  it("may fall at a correction of the clock, as it says", () => {
    expect(codesOf(reportOf(corrected()))).toEqual([]);
  });

  it("may not fall elsewhere, be it at the entry after a correction", () => {
    const fallen = new SyntheticLog().append(20).append(5, { recorded_at: FAR }).append(5).sign();
    expect(reportOf(fallen).bad).toMatchObject({ firstSeq: 25, code: "recorded_at_falls" });
    const late = corrected({ to: at(60_000) }, at(60_000));
    expect(reportOf(late).bad).toMatchObject({ firstSeq: 26, code: "recorded_at_falls" });
  });

  it.each([
    ["from another time than that of the entry before", { from: at(19_000) }],
    ["to another time than its own", { to: at(24_000) }],
    ["without saying from when", { from: null }],
    ["without saying to when", { to: null }],
  ])("may not fall at a correction %s", (_, details) => {
    const report = reportOf(corrected(details));
    expect(report.bad).toMatchObject({ firstSeq: 25, code: "clock_correction_contradicted" });
    expect(exitCodeOf(report.findings)).toBe(40);
  });

  it("may fall as often as the clock is corrected, wherever, and nowhere else", () => {
    const spans = fc.array(fc.record({ right: count, ahead: count }), { maxLength: 4 });
    fc.assert(
      fc.property(spans, (all) => {
        const log = new SyntheticLog().append(2);
        for (const { right, ahead } of all) {
          log.append(right).append(ahead, { recorded_at: FAR });
          const to = at(log.entries.length * 1_000);
          correct(log, { from: FAR, to }, to);
        }
        log.append(3).sign();
        return reportOf(log).findings.length === 0;
      }),
      { numRuns: 50 },
    );
  });
});

const count = fc.integer({ min: 1, max: 20 });

/** 300 entries, of which 256 are pruned when that many days have passed, as it says. */
function pruned(changes: CanonicalObject = {}, recordedAt = at(3_000 * DAY_MS)): SyntheticLog {
  const log = new SyntheticLog().append(300);
  const details = { retention_days: "2555", last_recorded_at: at(255_000), ...changes };
  return announced(log, details, recordedAt).sign();
}

function announced(log: SyntheticLog, details: CanonicalObject, recordedAt: string): SyntheticLog {
  const own = JSON.parse(new TextDecoder().decode(copyOf(log).announcePruning(256).entries.at(-1)));
  const said = { ...own.details, ...details };
  const members = { action: "ledger.pruned", actor: "ledger", recorded_by: "ledger" };
  log.append(1, { ...members, details: said, recorded_at: recordedAt });
  log.minimumIndex = 256;
  return log;
}

function copyOf(log: SyntheticLog): SyntheticLog {
  const copy = new SyntheticLog();
  copy.entries.push(...log.entries);
  return copy;
}

const LATER = { freshness: { ...NOT_JUDGED, nowMs: START_MS + 4_000 * DAY_MS } };

describe("A pruning", () => {
  it("of entries that had expired passes, and says by what it stands", () => {
    const days = { "audit_days.from": "2555", "audit_days.to": "2555" };
    const telling = new SyntheticLog().append(299).own("operator.org.updated", days);
    const details = { retention_days: "2555", last_recorded_at: at(255_000) };
    const shown = reportOf(announced(telling, details, at(3_000 * DAY_MS)).sign(), LATER);
    expect(codesOf(shown)).toEqual([]);
    expect(shown.pruningClaim).toEqual({ retentionDays: 2_555, standing: "borne_out" });
    // Whoever makes up the days can have any entry expire: none that is left says what was promised.
    const unsaid = reportOf(pruned(), LATER);
    expect(unsaid.pruningClaim).toEqual({ retentionDays: 2_555, standing: "operators_word" });
    // The first that is left had not expired: of those before nothing but the announcement tells.
    const unseen = reportOf(pruned({ last_recorded_at: at(-3_000 * DAY_MS) }, at(300_000)), LATER);
    expect(codesOf(unseen)).toEqual([]);
    expect(unseen.pruningClaim?.standing).toBe("operators_word");
  });

  it("of entries whose retention had not ended is no retention, though all else is in order", () => {
    // What two ticks at a far time did: minutes old, of seven years.
    const report = reportOf(pruned({}, at(600_000)));
    expect(codesOf(report)).toEqual(["INCOMPLETE pruned_too_early"]);
    expect(report.verdicts).toMatchObject({ integrity: "VALID", completeness: "INCOMPLETE" });
    expect(report.pruningClaim?.standing).toBe("contradicted");
    expect(exitCodeOf(report.findings)).toBe(50);
  });

  it("is held to the day: what expires at that very time has not expired", () => {
    const last = 255_000 + 2_555 * DAY_MS;
    expect(codesOf(reportOf(pruned({}, at(last)), LATER))).toEqual(["INCOMPLETE pruned_too_early"]);
    expect(codesOf(reportOf(pruned({}, at(last + 1)), LATER))).toEqual([]);
  });

  it("at a time that is yet to come is none", () => {
    const nowMs = START_MS + 3_000 * DAY_MS;
    const by = (aheadMs: number) => ({ freshness: { ...NOT_JUDGED, nowMs: nowMs - aheadMs } });
    expect(codesOf(reportOf(pruned(), by(600_000)))).toEqual([]);
    expect(codesOf(reportOf(pruned(), by(600_001)))).toEqual(["INCOMPLETE pruned_too_early"]);
  });

  it("that says no retention, or tells of a time after the first entry that is left, is refused", () => {
    const none = reportOf(pruned({ retention_days: null }), LATER);
    expect(codesOf(none)).toEqual(["INCOMPLETE pruned_too_early"]);
    const after = reportOf(pruned({ last_recorded_at: at(256_001) }), LATER);
    expect(codesOf(after)).toEqual(["INVALID pruning_contradicted"]);
  });

  it("cannot lie of the age of entries that the verifier has seen", () => {
    const lie = { last_recorded_at: at(-3_000 * DAY_MS) };
    const log = (recordedAt: string) => pruned(lie, recordedAt);
    const seen = (size: number) => {
      const kept = copyOf(log(at(600_000)));
      kept.entries.length = size;
      return keptOf(kept.sign().checkpoint!, at((size - 1) * 1_000));
    };
    const judge = (size: number, recordedAt: string) => {
      const told = log(recordedAt);
      const earlierProofs = new Map([[size, told.consistency(size, told.size)]]);
      return codesOf(reportOf(told, { ...LATER, kept: [seen(size)], earlierProofs }));
    };
    expect(judge(200, at(600_000))).toEqual(["INCOMPLETE pruned_too_early"]);
    expect(judge(200, at(3_000 * DAY_MS))).toEqual([]);
    // Seen, and still there.
    expect(judge(257, at(600_000))).toEqual([]);
  });

  it("by a clock that was corrected since is held to the corrected time", () => {
    const log = pruned();
    correct(log, { from: at(3_000 * DAY_MS), to: at(400_000) }, at(400_000)).sign();
    expect(codesOf(reportOf(log, LATER))).toEqual(["INCOMPLETE pruned_too_early"]);
  });

  it("that such a clock announced, and that was never carried out, counts for nothing", () => {
    const log = pruned();
    correct(log, { from: at(3_000 * DAY_MS), to: at(400_000) }, at(400_000));
    announced(log, { retention_days: "2555", last_recorded_at: at(255_000) }, at(2_600 * DAY_MS));
    log.sign();
    const report = reportOf(log, LATER);
    expect(codesOf(report)).toEqual([]);
    expect(report.pruningAnnouncedBy).toBe(302);
  });

  it("of entries of a clock that was ahead goes by the correction", () => {
    const ahead = (to: string, recordedAt: string) => {
      const log = new SyntheticLog().append(250).append(10, { recorded_at: FAR });
      correct(log, { from: FAR, to }, to).append(20);
      const details = { retention_days: "30", last_recorded_at: FAR };
      return codesOf(reportOf(announced(log, details, recordedAt).sign(), LATER));
    };
    expect(ahead(at(260_000), at(31 * DAY_MS))).toEqual([]);
    expect(ahead(at(260_000), at(29 * DAY_MS))).toEqual(["INCOMPLETE pruned_too_early"]);
  });
});

describe("A log whose clock was ahead", () => {
  it("is not taken for fresh", () => {
    const log = new SyntheticLog().append(20).append(1, { recorded_at: FAR }).sign();
    const freshness = { ...NOT_JUDGED, maxAgeMinutes: 60 };
    expect(codesOf(reportOf(log, { freshness }))).toEqual(["STALE stale"]);
    const unsigned = { count: 1, oldestAt: FAR };
    expect(codesOf(reportOf(log, { freshness: { ...NOT_JUDGED, unsigned } }))).toEqual([
      "STALE stale",
    ]);
  });
});
