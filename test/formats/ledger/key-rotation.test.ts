import { describe, expect, it } from "vitest";
import type { LogEvidence } from "#formats/ledger/evidence.ts";
import { parseKeyList } from "#formats/ledger/evidence.ts";
import { parseVkey } from "#formats/tlog/note-key.ts";
import { SyntheticLog, seedOf } from "../../harness/synthetic-log.ts";
import { auditOf, codesOf, evidenceOf, linesOf, noteOf } from "./evidence-of.ts";

/** Announced at 20, cut over at 25; the third at 50 and 51. */
function rotated(): SyntheticLog {
  const log = new SyntheticLog().append(20).announceKey("second").append(4).sign();
  return log.append(25).announceKey("third").sign().append(9).sign();
}

function judge(log: SyntheticLog, changes: Partial<LogEvidence> = {}): string[] {
  return codesOf(auditOf(evidenceOf(log, changes), linesOf(log)));
}

/** Signed on by a key that nothing in the log announces. */
function takenOver(): SyntheticLog {
  const log = new SyntheticLog().append(25).sign();
  log.keys[0]!.toSize = 25;
  log.keys.push({ seed: seedOf("mallory"), fromSize: 25, toSize: null });
  const seeds = log.keys.map(({ seed }) => seed);
  log.checkpoints.set(25, log.signedBy(25, seeds));
  return log.append(9).sign();
}

describe("a key that was rotated", () => {
  it("is proven from any key before it", () => {
    const log = rotated();
    for (const { seed } of log.keys) {
      expect(judge(log, { pinned: parseVkey(log.vkeyOf(seed)) })).toEqual([]);
    }
  });

  it("is proven at the very cutover, by either key", () => {
    const log = new SyntheticLog().append(20).announceKey("second").sign();
    expect(judge(log)).toEqual([]);
    expect(judge(log, { pinned: parseVkey(log.newestVkey) })).toEqual([]);
  });

  it("is unpinned without a pinned key, though all of it agrees", () => {
    expect(judge(rotated(), { pinned: null })).toEqual(["UNPINNED unpinned"]);
  });

  it("is not proven without the checkpoint that both signed", () => {
    const log = rotated();
    const cutovers = new Map([[51, noteOf(log.checkpoints.get(51))]]);
    expect(judge(log, { cutovers })).toEqual(["INCOMPLETE cutover_missing"]);
  });

  it("is refused where one of the two did not sign it", () => {
    const log = rotated();
    for (const { seed } of log.keys.slice(0, 2)) {
      const cutovers = evidenceOf(log).cutovers;
      const single = new Map(cutovers).set(25, noteOf(log.signedBy(25, [seed])));
      expect(judge(log, { cutovers: single })).toEqual(["INVALID cutover_invalid"]);
    }
  });

  it("is refused where the cutover is of another size, or another log", () => {
    const log = rotated();
    const seeds = log.keys.slice(0, 2).map(({ seed }) => seed);
    const changed = (note: string) => {
      return { cutovers: new Map(evidenceOf(log).cutovers).set(25, noteOf(note)) };
    };
    expect(judge(log, changed(log.signedBy(24, seeds)))).toEqual(["INVALID cutover_invalid"]);
    const elsewhere = log.signedBy(25, seeds, "mcpg.local/v1/orgs/other/audit/log");
    expect(judge(log, changed(elsewhere))).toEqual(["INVALID cutover_invalid"]);
  });

  it("is refused where the old key signed other entries", () => {
    const log = rotated();
    const other = new SyntheticLog().append(25, { actor: "other" });
    const note = other.signedBy(
      25,
      log.keys.slice(0, 2).map(({ seed }) => seed),
    );
    const cutovers = new Map(evidenceOf(log).cutovers).set(25, noteOf(note));
    expect(judge(log, { cutovers })).toEqual(["INVALID cutover_contradicts"]);
  });

  it("is refused where no entry announces it", () => {
    expect(judge(takenOver())).toEqual(["INVALID key_not_announced"]);
    expect(judge(takenOver(), { pinned: null })).toEqual([
      "INVALID key_not_announced",
      "UNPINNED unpinned",
    ]);
  });

  it("is refused where the entry comes after the cutover", () => {
    const log = takenOver();
    log.own("ledger.key_rotated", { epoch: "2", vkey: log.newestVkey }).sign();
    expect(judge(log)).toEqual(["INVALID key_not_announced"]);
  });

  it("is refused where the entry announces another key", () => {
    const log = new SyntheticLog().append(20);
    log.own("ledger.key_rotated", { epoch: "2", vkey: log.vkeyOf(seedOf("honest")) }).sign();
    log.keys[0]!.toSize = 21;
    log.keys.push({ seed: seedOf("mallory"), fromSize: 21, toSize: null });
    log.checkpoints.set(
      21,
      log.signedBy(
        21,
        log.keys.map(({ seed }) => seed),
      ),
    );
    expect(judge(log.append(3).sign())).toEqual(["INVALID key_not_announced"]);
  });

  it("cannot be proven where the entry is pruned, but the newer key can be pinned", () => {
    const log = rotated().announcePruning(30).sign();
    log.minimumIndex = 30;
    expect(judge(log)).toEqual(["UNPINNED rotation_unproven"]);
    const earlierProofs = new Map([[25, log.consistency(25, log.size)]]);
    expect(judge(log, { earlierProofs })).toEqual(["UNPINNED rotation_unproven"]);
    expect(judge(log, { pinned: parseVkey(log.vkeyOf(seedOf("second"))) })).toEqual([]);
    const wrong = new Map([[25, log.consistency(24, log.size)]]);
    expect(judge(log, { earlierProofs: wrong })).toEqual(["INVALID cutover_contradicts"]);
  });

  it("must not go on signing", () => {
    const log = rotated();
    const old = noteOf(log.signedBy(log.size, [log.keys[0]!.seed]));
    expect(judge(log, { checkpoint: old })).toEqual(["INVALID key_out_of_range"]);
  });

  it("is not one that the pinned key came after", () => {
    const log = new SyntheticLog().append(20).announceKey("second").sign();
    const early = new SyntheticLog().append(20).sign();
    const pinned = parseVkey(log.newestVkey);
    const keys = parseKeyList(log.keysJson()) ?? [];
    expect(judge(early, { pinned, keys })).toEqual(["INVALID not_the_pinned_key"]);
  });

  it("is refused where the list contradicts itself", () => {
    const log = rotated();
    const [first, second, third] = parseKeyList(log.keysJson())!;
    const keys = [first!, { ...second!, fromSize: 24 }, third!];
    expect(judge(log, { keys })).toEqual(["INVALID key_list_contradictory"]);
  });
});
