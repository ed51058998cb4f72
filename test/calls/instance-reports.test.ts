import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { InstanceReport } from "#calls/fold-delta.ts";
import {
  addReport,
  droppedTotal,
  EPOCHS_KEPT_MAX,
  type InstanceReports,
  instanceState,
  NO_REPORTS,
  RANGES_KEPT_MAX,
  seqGaps,
} from "#calls/instance-reports.ts";

type Told = Pick<InstanceReport, "epochMs" | "seq" | "dropped">;
const addTold = (reports: InstanceReports, told: Told) =>
  addReport(reports, { ...told, isFinal: false, receivedMs: 0 });
const reportSeq = (reports: InstanceReports, seq: number) =>
  addTold(reports, { epochMs: 1, seq, dropped: null });

describe("instance reports", () => {
  it("know exactly the missing reports, whatever the order and the repeats", () => {
    const seqs = fc.array(fc.nat({ max: 40 }), { minLength: 1 });
    fc.assert(
      fc.property(seqs, (sent) => {
        const reports = sent.reduce(reportSeq, NO_REPORTS);
        const gaps = seqGaps(reports);
        const missing = gaps.flatMap(({ first, last }) =>
          Array.from({ length: last - first + 1 }, (_, index) => first + index),
        );
        const expected = Array.from({ length: Math.max(...sent) }, (_, seq) => seq);
        expect(missing).toEqual(expected.filter((seq) => !sent.includes(seq)));
      }),
    );
  });

  it("never let drops fall, whatever the order of reports and epochs", () => {
    const report = fc.record({
      epochMs: fc.option(fc.integer({ min: 1, max: 8 })),
      seq: fc.option(fc.nat({ max: 9 })),
      dropped: fc.option(fc.nat({ max: 100 })),
    });
    fc.assert(
      fc.property(fc.array(report), (sent) => {
        let reports = NO_REPORTS;
        for (const next of sent) {
          const after = addTold(reports, next);
          expect(droppedTotal(after)).toBeGreaterThanOrEqual(droppedTotal(reports));
          reports = after;
        }
        expect(sent.reduce(addTold, reports).epochs.length).toBeLessThanOrEqual(EPOCHS_KEPT_MAX);
      }),
    );
  });

  it("are unchanged by a report that arrives again", () => {
    const once = addTold(NO_REPORTS, { epochMs: 7, seq: 3, dropped: 5 });
    expect(addTold(once, { epochMs: 7, seq: 3, dropped: 5 })).toEqual(once);
  });

  it("stay small when every other report is lost", () => {
    const seqs = Array.from({ length: 1_000 }, (_, index) => index * 2);
    const reports = seqs.reduce(reportSeq, NO_REPORTS);
    expect(reports.epochs[0]?.ranges).toHaveLength(RANGES_KEPT_MAX);
  });

  it("say online below 90 s, stale below 300 s, then departed", () => {
    const stateAt = (ageMs: number, hasDeparted = false) =>
      instanceState({ lastReportMs: 0, hasDeparted }, ageMs);
    const states = [0, 89_999, 90_000, 299_999, 300_000].map((ageMs) => stateAt(ageMs));
    expect(states).toEqual(["online", "online", "stale", "stale", "departed"]);
    expect(stateAt(0, true)).toBe("departed");
  });
});
