import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseVkey } from "#formats/tlog/note-key.ts";
import { SyntheticLog } from "../../harness/synthetic-log.ts";
import { auditOf, codesOf, evidenceOf, keptOf, linesOf } from "./evidence-of.ts";
import { logOf, randomSteps, rotationSeqs } from "./random-log.ts";

const part = fc.double({ min: 0, max: 1, noNaN: true });

describe("an honest log raises no alarm", () => {
  it("whatever happened to it, to whom pins its newest key", () => {
    fc.assert(
      fc.property(randomSteps, (steps) => {
        const log = logOf(steps);
        const report = auditOf(
          evidenceOf(log, { pinned: parseVkey(log.newestVkey) }),
          linesOf(log),
        );
        expect(codesOf(report)).toEqual([]);
        expect(report.verdicts).toEqual({
          integrity: "VALID",
          completeness: "COMPLETE",
          history: "NOT_COMPARED",
          freshness: "NOT_JUDGED",
          trust: "PINNED",
        });
        expect(report.headHash).toBe(log.headHash);
      }),
      { numRuns: 100 },
    );
  });

  it("to whom pins its first key, as long as the rotations are not pruned", () => {
    fc.assert(
      fc.property(randomSteps, (steps) => {
        const log = logOf(steps);
        const report = auditOf(evidenceOf(log), linesOf(log));
        const isPruned = rotationSeqs(log).some((seq) => seq < log.minimumIndex);
        const expected = isPruned && log.size !== log.keys[0]?.toSize;
        expect(report.verdicts.trust).toBe(expected ? "UNPINNED" : "PINNED");
        expect(report.findings.every(({ code }) => code === "rotation_unproven")).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it("to whom kept any of its checkpoints", () => {
    fc.assert(
      fc.property(randomSteps, (steps) => {
        const log = logOf(steps);
        const kept = [...log.checkpoints.values()].map((note) => keptOf(note));
        const earlier = [...log.checkpoints.keys()].filter((size) => size < log.minimumIndex);
        const earlierProofs = new Map(
          earlier.map((size) => [size, log.consistency(size, log.size)]),
        );
        const pinned = parseVkey(log.newestVkey);
        const report = auditOf(evidenceOf(log, { kept, earlierProofs, pinned }), linesOf(log));
        expect(codesOf(report)).toEqual([]);
        expect(report.verdicts.history).toBe("CONSISTENT");
      }),
      { numRuns: 100 },
    );
  });

  it("in any part of it, which says that it is a part", () => {
    fc.assert(
      fc.property(randomSteps, part, part, fc.boolean(), (steps, a, b, isPartAccepted) => {
        const log = logOf(steps);
        const span = log.size - log.minimumIndex;
        const [low, high] = [a, b].sort((left, right) => left - right) as [number, number];
        const fromSeq = log.minimumIndex + Math.floor(span * low);
        const toSeq = log.minimumIndex + Math.floor(span * high);
        const pinned = parseVkey(log.newestVkey);
        const evidence = evidenceOf(log, { fromSeq, toSeq, pinned, isPartAccepted });
        const report = auditOf(evidence, linesOf(log, fromSeq, toSeq));
        const isWhole = fromSeq === log.minimumIndex && toSeq === log.size;
        expect(codesOf(report)).toEqual(
          isWhole || isPartAccepted ? [] : ["INCOMPLETE part_of_the_log"],
        );
        expect(report.verdicts.integrity).toBe("VALID");
        if (isPartAccepted && toSeq < log.size)
          expect(report.verdicts.completeness).toBe("PARTIAL");
      }),
      { numRuns: 100 },
    );
  });

  it("of no entry at all", () => {
    const log = new SyntheticLog().sign();
    expect(codesOf(auditOf(evidenceOf(log), []))).toEqual([]);
  });

  it("with a pruning that is announced and not carried out", () => {
    const log = new SyntheticLog().append(300).announcePruning(256).sign();
    expect(codesOf(auditOf(evidenceOf(log), linesOf(log)))).toEqual([]);
  });

  it("that succeeds a frozen one", () => {
    const log = new SyntheticLog({ log: "log-2" });
    const details = {
      origin: "mcpg.local/v1/orgs/acme/audit/log",
      size: "7",
      root: null,
      reason: "x",
    };
    const report = auditOf(evidenceOf(log.own("ledger.succeeded", details).sign()), linesOf(log));
    expect(codesOf(report)).toEqual([]);
    expect(report.succeeded).toEqual(details);
  });
});
