import { describe, expect, it } from "vitest";
import type { CanonicalObject } from "#formats/canonical-json.ts";
import type { LogEvidence } from "#formats/ledger/evidence.ts";
import { exitCodeOf, outcomeOf } from "#formats/ledger/verdicts.ts";
import { SyntheticLog } from "../../harness/synthetic-log.ts";
import { auditOf, codesOf, evidenceOf, keptOf, linesOf } from "./evidence-of.ts";

function judge(log: SyntheticLog, changes: Partial<LogEvidence> = {}): string[] {
  return codesOf(auditOf(evidenceOf(log, changes), linesOf(log)));
}

function grown(): SyntheticLog {
  return new SyntheticLog().append(40).sign().append(60).sign();
}

describe("against a kept checkpoint", () => {
  it("a smaller log was rolled back", () => {
    const kept = [keptOf(grown().checkpoint!)];
    expect(judge(new SyntheticLog().append(40).sign(), { kept })).toEqual(["DIVERGED rollback"]);
  });

  it("a log of that size with another root is a fork", () => {
    const kept = [keptOf(grown().checkpoint!)];
    const fork = grown().rewritten(99, { actor: "mallory" }).sign();
    const report = auditOf(evidenceOf(fork, { kept }), linesOf(fork));
    expect(codesOf(report)).toEqual(["DIVERGED fork"]);
    expect(report.findings[0]?.message).toContain("signed by this log's keys, which proves it");
    expect(report.verdicts).toMatchObject({ integrity: "VALID", history: "DIVERGED" });
  });

  it("a larger log with other entries before was rewritten", () => {
    const kept = [keptOf(grown().checkpoints.get(40))];
    const rewritten = grown().rewritten(7, { actor: "mallory" }).sign();
    expect(judge(rewritten, { kept })).toEqual(["DIVERGED rewritten"]);
    expect(judge(grown().rewritten(40, { actor: "mallory" }).sign(), { kept })).toEqual([]);
  });

  it("says if no known key signed the kept one", () => {
    const other = new SyntheticLog({ key: "mallory" }).append(100).append(1).sign();
    const report = auditOf(
      evidenceOf(grown(), { kept: [keptOf(other.checkpoint!)] }),
      grown().entries,
    );
    expect(report.findings[0]?.message).toContain("look where it comes from");
  });

  it("of which the entries are pruned, a proof decides, or nothing does", () => {
    const log = grown().announcePruning(50).sign();
    log.minimumIndex = 50;
    const kept = [keptOf(log.checkpoints.get(40))];
    const proof = (oldSize: number) => new Map([[40, log.consistency(oldSize, log.size)]]);
    expect(judge(log, { kept })).toEqual(["INCOMPLETE kept_undecided"]);
    expect(judge(log, { kept, earlierProofs: proof(40) })).toEqual([]);
    expect(judge(log, { kept, earlierProofs: proof(39) })).toEqual(["DIVERGED rewritten"]);
  });

  it("of a size that the prefix's peaks end at, the peaks decide", () => {
    const log = new SyntheticLog().append(64).sign().append(40).announcePruning(96).sign();
    log.minimumIndex = 96;
    expect(judge(log, { kept: [keptOf(log.checkpoints.get(64))] })).toEqual([]);
  });

  it("finds the contradiction though an entry is bad too", () => {
    const log = grown();
    const kept = [keptOf(log.rewritten(99, { actor: "x" }).sign().checkpoint!)];
    const report = auditOf(evidenceOf(log, { kept }), log.entries.toSpliced(50, 1));
    expect(report.verdicts).toMatchObject({ integrity: "INVALID", history: "DIVERGED" });
    expect(exitCodeOf(report.findings)).toBe(40);
  });
});

describe("a log that begins above 0", () => {
  function pruned(changes: CanonicalObject = {}): SyntheticLog {
    const log = new SyntheticLog().append(80).announcePruning(60, changes).append(5).sign();
    log.minimumIndex = 60;
    return log;
  }

  it("says so itself, or else it was cut off", () => {
    expect(judge(pruned())).toEqual([]);
    const cut = new SyntheticLog().append(80).sign();
    cut.minimumIndex = 60;
    expect(judge(cut)).toEqual(["INCOMPLETE pruning_not_announced"]);
  });

  it("says of another beginning than that of its announcement nothing", () => {
    const log = pruned();
    log.minimumIndex = 61;
    expect(judge(log)).toEqual(["INCOMPLETE pruning_not_announced"]);
  });

  it("is held to the last hash and to the root that it announces", () => {
    const zeros = "0".repeat(64);
    expect(judge(pruned({ last_hash: zeros }))).toEqual(["INVALID pruning_contradicted"]);
    expect(judge(pruned({ tree_root: zeros }))).toEqual(["INVALID pruning_contradicted"]);
    expect(judge(pruned({ tree_root: null }))).toEqual(["INVALID pruning_contradicted"]);
    expect(judge(pruned({ to: "060" }))).toEqual(["INCOMPLETE pruning_not_announced"]);
  });

  it("is held to the days that it promised to what is pruned", () => {
    const changed = (from: string, to: string) => {
      const log = new SyntheticLog().append(80);
      return log.own("operator.org.updated", { "audit_days.from": from, "audit_days.to": to });
    };
    const judged = (log: SyntheticLog, changes: CanonicalObject = {}) => {
      log.announcePruning(60, changes).sign();
      log.minimumIndex = 60;
      return judge(log);
    };
    const broken = ["INVALID pruning_contradicted"];
    expect(judged(changed("90", "30"))).toEqual(broken);
    expect(judged(changed("30", "90"))).toEqual(broken);
    expect(judged(changed("90", "30"), { retention_days: "89" })).toEqual(broken);
    expect(judged(changed("90", "30"), { retention_days: "x" })).toEqual(broken);
    expect(judged(changed("90", "30"), { retention_days: "90" })).toEqual([]);
    expect(judged(changed("30", "20"), { retention_days: "30" })).toEqual([]);
  });

  it("is held to no promise that was made after it was pruned, nor to one that nobody may make", () => {
    const days = { "audit_days.from": "30", "audit_days.to": "90" };
    expect(judge(pruned().own("operator.org.updated", days).sign())).toEqual([]);
    const other = new SyntheticLog().append(80).own("org.updated", days);
    other.announcePruning(60).sign();
    other.minimumIndex = 60;
    expect(judge(other)).toEqual([]);
  });

  it("may have been pruned before, and be about to be again", () => {
    const log = new SyntheticLog().append(80).announcePruning(20).sign();
    log.minimumIndex = 20;
    log.append(5).announcePruning(60).sign();
    log.minimumIndex = 60;
    log.announcePruning(70).sign();
    expect(judge(log)).toEqual([]);
  });

  it("has lost its announcement where that is cut off too", () => {
    const log = pruned();
    const report = auditOf(evidenceOf(log), linesOf(log, 60, 75));
    expect(codesOf(report)).toEqual(["INCOMPLETE truncated", "INCOMPLETE pruning_not_announced"]);
  });
});

describe("freshness", () => {
  const log = grown();
  const newestMs = Date.parse("2026-11-20T00:01:39.000Z");
  const at = (minutes: number) => newestMs + minutes * 60_000;
  const fresh = (nowMs: number, maxAgeMinutes: number | null, unsigned: number | null = null) => {
    const oldestAt = unsigned === null ? null : "2026-11-20T00:01:39.000Z";
    const waiting = unsigned === null ? null : { count: unsigned, oldestAt };
    const freshness = { nowMs, maxAgeMinutes, unsigned: waiting };
    const report = auditOf(evidenceOf(log, { freshness }), linesOf(log));
    return [report.verdicts.freshness, outcomeOf(report.findings), exitCodeOf(report.findings)];
  };

  it("is not judged unless it is asked for", () => {
    expect(fresh(at(1e6), null)).toEqual(["NOT_JUDGED", "VERIFIED", 0]);
  });

  it("ends with --max-age", () => {
    expect(fresh(at(60), 60)).toEqual(["FRESH", "VERIFIED", 0]);
    expect(fresh(at(60.1), 60)).toEqual(["STALE", "STALE", 20]);
  });

  it("ends when entries are unsigned for more than 15 minutes", () => {
    expect(fresh(at(15), null, 3)).toEqual(["FRESH", "VERIFIED", 0]);
    expect(fresh(at(15.1), null, 3)).toEqual(["STALE", "STALE", 20]);
    expect(fresh(at(1e6), null, 0)).toEqual(["FRESH", "VERIFIED", 0]);
  });

  it("is not there where it cannot be told", () => {
    const freshness = { nowMs: 0, maxAgeMinutes: null, unsigned: { count: 2, oldestAt: null } };
    expect(judge(log, { freshness })).toEqual(["STALE stale"]);
    const empty = new SyntheticLog().sign();
    const asked = { nowMs: 0, maxAgeMinutes: 5, unsigned: null };
    expect(judge(empty, { freshness: asked })).toEqual(["STALE stale"]);
  });
});
