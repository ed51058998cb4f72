import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Verification } from "#formats/ledger/verification.ts";
import { parseVkey } from "#formats/tlog/note-key.ts";
import { entryBytes, SyntheticLog } from "../../harness/synthetic-log.ts";
import { auditOf, codesOf, evidenceOf, linesOf, noteOf } from "./evidence-of.ts";
import { logOf, randomSteps } from "./random-log.ts";

/** Read only: its entries are copied before they are altered. */
const LOG = new SyntheticLog().append(120).sign();
const LAST = 119;
const utf8 = new TextEncoder();

type Members = Record<string, unknown>;

function membersAt(seq: number): Members & { previous_hash: string } {
  return JSON.parse(new TextDecoder().decode(LOG.entries[seq]));
}

function withEntry(seq: number, change: (members: Members) => Members): Uint8Array[] {
  const { previous_hash, ...members } = change(membersAt(seq));
  const altered = entryBytes(members, String(previous_hash));
  return LOG.entries.map((bytes, at) => (at === seq ? altered : bytes));
}

function audit(entries: Iterable<Uint8Array>): Verification {
  return auditOf(evidenceOf(LOG), entries);
}

function expectNamed({ bad, verdicts }: Verification, seq: number, code?: string): void {
  expect(verdicts.integrity).toBe("INVALID");
  expect(bad?.firstSeq).toBe(seq);
  if (code !== undefined) expect(bad?.code).toBe(code);
}

const FIELDS = Object.keys(membersAt(3)).filter((field) => field !== "previous_hash");

/** Another value of the same type; the time is still between those of its neighbours. */
function otherThan(field: string, value: unknown): unknown {
  if (field === "recorded_at") return String(value).replace(".000Z", ".001Z");
  if (field === "details") return { policy: "other" };
  return value === null ? "other" : `${value}x`;
}

describe("an altered entry is found and named", () => {
  it.each(FIELDS)("by its %s", (field) => {
    const change = (members: Members) => {
      return { ...members, [field]: otherThan(field, members[field]) };
    };
    expectNamed(audit(withEntry(100, change)), 100);
  });

  it("by its previous_hash", () => {
    const entries = withEntry(100, (members) => ({ ...members, previous_hash: "a".repeat(64) }));
    expectNamed(audit(entries), 100, "previous_hash_mismatch");
  });

  it("by a member more or less", () => {
    expectNamed(
      audit(withEntry(9, (members) => ({ ...members, extra: null }))),
      9,
      "wrong_members",
    );
    const less = withEntry(9, ({ target, ...members }) => members);
    expectNamed(audit(less), 9, "wrong_members");
  });

  it("by a recorded_at that falls", () => {
    const early = "2026-11-19T23:00:00.000Z";
    const report = audit(withEntry(9, (members) => ({ ...members, recorded_at: early })));
    expectNamed(report, 9, "recorded_at_falls");
  });

  it("when it is the last but one, together with the last", () => {
    const { bad } = audit(withEntry(LAST - 1, (members) => ({ ...members, actor: "other" })));
    expect([bad?.firstSeq, bad?.lastSeq]).toEqual([LAST - 1, LAST]);
  });

  it("when it is the last, by the root", () => {
    const report = audit(withEntry(LAST, (members) => ({ ...members, actor: "other" })));
    expect(codesOf(report)).toEqual(["INVALID root_differs"]);
  });

  it("wherever a byte of it is flipped", () => {
    const flip = fc.tuple(fc.nat(LAST), fc.nat(), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(flip, ([seq, offset, mask]) => {
        const altered = LOG.entries[seq]!.slice();
        altered[offset % altered.length]! ^= mask;
        const report = audit(LOG.entries.map((bytes, at) => (at === seq ? altered : bytes)));
        expect(report.verdicts.integrity).toBe("INVALID");
        if (report.bad === null) expect(seq).toBe(LAST);
        else expect([report.bad.firstSeq, report.bad.lastSeq]).toContain(seq);
      }),
      { numRuns: 200 },
    );
  });
});

describe("entries that are not those of the log", () => {
  const { entries } = LOG;

  it("are found where the first are missing", () => {
    expectNamed(audit(entries.slice(3)), 0, "not_the_first_entry");
  });

  it("are found where some in the middle are missing, wherever", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: LAST - 2 }),
        fc.integer({ min: 1, max: 40 }),
        (at, k) => {
          fc.pre(at + k < LAST);
          const report = audit([...entries.slice(0, at), ...entries.slice(at + k)]);
          expectNamed(report, at - 1, "previous_hash_mismatch");
          expect(report.bad?.message).toContain(`entry ${at} names`);
        },
      ),
    );
  });

  it("are found where the last are missing", () => {
    const report = audit(entries.slice(0, -3));
    expect(codesOf(report)).toEqual(["INCOMPLETE truncated"]);
    expect(report.findings[0]?.message).toContain("the last 3 entries are missing");
    expect(codesOf(audit([]))).toEqual(["INCOMPLETE truncated"]);
  });

  it("are found where two are swapped", () => {
    const swapped = entries.map((bytes, at) => entries[{ 50: 51, 51: 50 }[at] ?? at] ?? bytes);
    expectNamed(audit(swapped), 50, "previous_hash_mismatch");
  });

  it("are found where one is inserted, or stands twice", () => {
    const forged = entryBytes({ ...membersAt(49), actor: "mallory" }, membersAt(50).previous_hash);
    const inserted = [...entries.slice(0, 50), forged, ...entries.slice(50)];
    expectNamed(audit(inserted), 50, "previous_hash_mismatch");
    expect(audit(inserted).bad?.message).toContain("was inserted");
    const twice = [...entries.slice(0, 50), entries[49]!, ...entries.slice(50)];
    expectNamed(audit(twice), 49, "previous_hash_mismatch");
  });

  it("are found where one is appended", () => {
    const forged = entryBytes({ ...membersAt(LAST), actor: "mallory" }, LOG.headHash);
    expectNamed(audit([...entries, forged]), 120, "surplus_entry");
  });

  it("are found where there are more than files promise", () => {
    const forged = entryBytes({ ...membersAt(LAST), actor: "mallory" }, LOG.headHash);
    const evidence = { ...evidenceOf(LOG), toSeq: null, consistency: null };
    expect(codesOf(auditOf(evidence, entries))).toEqual([]);
    expect(codesOf(auditOf(evidence, [...entries, forged]))).toEqual([
      "INCOMPLETE unsigned_entries",
    ]);
  });

  it("are found where all hashes were recomputed, whatever was altered", () => {
    fc.assert(
      fc.property(fc.nat(LAST), (seq) => {
        const report = audit(LOG.rewritten(seq, { actor: "mallory" }).entries);
        expect(codesOf(report)).toEqual(["INVALID root_differs"]);
        expect(report.isRewritten).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("are found in any log, whatever is changed in its lines", () => {
    const change = fc.record({
      at: fc.nat(),
      kind: fc.constantFrom("drop", "twice", "swap", "flip", "split", "join"),
    });
    fc.assert(
      fc.property(randomSteps, change, (steps, { at, kind }) => {
        const log = logOf(steps);
        const lines = changeLines(linesOf(log), at % (log.size - log.minimumIndex), kind);
        const evidence = evidenceOf(log, { pinned: parseVkey(log.newestVkey) });
        const { findings } = auditOf(evidence, lines);
        expect(findings.some(({ failure }) => /INVALID|INCOMPLETE/.test(failure))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});

function changeLines(lines: readonly Uint8Array[], at: number, kind: string): Uint8Array[] {
  const [before, line, next, after] = [
    lines.slice(0, at),
    lines[at]!,
    lines.slice(at + 1, at + 2),
    lines.slice(at + 2),
  ];
  if (kind === "twice") return [...before, line, line, ...next, ...after];
  if (kind === "swap" && next.length > 0) return [...before, ...next, line, ...after];
  if (kind === "flip")
    return [...before, line.map((byte, i) => (i === 30 ? byte ^ 1 : byte)), ...next, ...after];
  if (kind === "split") return [...before, line.slice(0, 40), line.slice(40), ...next, ...after];
  if (kind === "join")
    return [...before, utf8.encode(lines.slice(at, at + 2).join("\n")), ...after];
  return [...before, ...next, ...after];
}

describe("evidence that does not hold", () => {
  it("a head that another key signed", () => {
    const other = new SyntheticLog({ key: "mallory" }).append(120).sign();
    const evidence = evidenceOf(LOG, { checkpoint: noteOf(other.checkpoint) });
    expect(codesOf(auditOf(evidence, LOG.entries))).toEqual(["INVALID unknown_signer"]);
    const listed = evidenceOf(other, { pinned: parseVkey(LOG.vkey) });
    expect(codesOf(auditOf(listed, other.entries))).toEqual(["INVALID not_the_pinned_key"]);
  });

  it("a head of another log", () => {
    const other = new SyntheticLog({ org: "other" }).append(300).sign();
    const evidence = evidenceOf(other, { pinned: parseVkey(LOG.vkey) });
    expect(codesOf(auditOf(evidence, other.entries))).toEqual(["INVALID wrong_origin"]);
    const asked = evidenceOf(other, { origin: LOG.origin });
    expect(codesOf(auditOf(asked, other.entries))).toEqual(["INVALID wrong_origin"]);
  });

  it("a head of which any character is changed", () => {
    const note = LOG.checkpoint!;
    fc.assert(
      fc.property(
        fc.nat(note.length - 1),
        fc.constantFrom("0", "A", "z", "\n", "="),
        (at, other) => {
          fc.pre(note[at] !== other);
          const text = note.slice(0, at) + other + note.slice(at + 1);
          const parsed = (() => {
            try {
              return noteOf(text);
            } catch {
              return null;
            }
          })();
          if (parsed === null) return;
          const report = auditOf(evidenceOf(LOG, { checkpoint: parsed }), LOG.entries);
          expect(report.verdicts.integrity).toBe("INVALID");
        },
      ),
      { numRuns: 500 },
    );
  });

  it("prefix hashes that are not the log's, or not as many", () => {
    const log = new SyntheticLog().append(300).announcePruning(256).sign();
    log.minimumIndex = 256;
    const wrong = evidenceOf(log, {
      prefix: log.peaks(256).map(() => log.node(8, 0).map((b) => b ^ 1)),
    });
    expect(codesOf(auditOf(wrong, linesOf(log)))).toEqual(["INVALID pruning_contradicted"]);
    const more = evidenceOf(log, { prefix: [...log.peaks(256), log.node(0, 0)] });
    expect(codesOf(auditOf(more, linesOf(log)))).toEqual(["INVALID evidence_malformed"]);
    const none = evidenceOf(log, { prefix: null });
    expect(codesOf(auditOf(none, linesOf(log)))).toEqual(["INCOMPLETE not_tied"]);
  });

  it("a proof that is not the one from where the entries end", () => {
    const toSeq = 100;
    const short = { toSeq, isPartAccepted: true };
    const entries = linesOf(LOG, 0, toSeq);
    expect(codesOf(auditOf(evidenceOf(LOG, short), entries))).toEqual([]);
    const wrong = evidenceOf(LOG, { ...short, consistency: LOG.consistency(99, 120) });
    expect(codesOf(auditOf(wrong, entries))).toEqual(["INVALID root_differs"]);
    const none = evidenceOf(LOG, { ...short, consistency: [] });
    expect(codesOf(auditOf(none, entries))).toEqual(["INCOMPLETE not_tied"]);
  });

  it("evidence that is missing or malformed", () => {
    const missing = evidenceOf(LOG, { missing: ["x is missing"] });
    expect(codesOf(auditOf(missing, LOG.entries))).toEqual(["INCOMPLETE evidence_missing"]);
    const damaged = evidenceOf(LOG, { damaged: ["x is malformed"] });
    expect(codesOf(auditOf(damaged, LOG.entries))).toEqual(["INVALID evidence_malformed"]);
    const noHead = evidenceOf(LOG, { checkpoint: null });
    expect(codesOf(auditOf(noHead, LOG.entries))).toEqual(["INCOMPLETE not_tied"]);
    const noKey = evidenceOf(LOG, { keys: [], pinned: null });
    expect(codesOf(auditOf(noKey, LOG.entries))).toEqual(["INCOMPLETE no_key"]);
  });
});
