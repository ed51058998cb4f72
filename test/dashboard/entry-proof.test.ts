import { describe, expect, it } from "vitest";
import { type AskedEntry, gatherQuestion } from "#dashboard/proof/gather-question.ts";
import { judgeBytes } from "#dashboard/proof/judge-chain.ts";
import { judgeEntry } from "#dashboard/proof/judge-entry.ts";
import { judgeInclusion, openProof } from "#dashboard/proof/judge-inclusion.ts";
import type { PinnedLog } from "#dashboard/proof/pinned-log.ts";
import type { ProofReport } from "#dashboard/proof/proof-report.ts";
import { SyntheticLog, seedOf } from "../harness/synthetic-log.ts";
import { type Cheats, entryText, proofText, serve, shownHash } from "./served-log.ts";

/** Half an hour after the first entry. */
const NOW_MS = 1_795_132_800_000 + 30 * 60_000;

interface Asked {
  seq?: number;
  shown?: string;
  org?: string;
  number?: number;
  pin?: PinnedLog | null;
  cheats?: Cheats;
}

async function reportOf(log: SyntheticLog, asked: Asked = {}): Promise<ProofReport> {
  const { seq = 7, org = "acme", number = 1, pin = null, cheats = {} } = asked;
  const toldHash = shownHash(entryText(log, seq));
  const entry: AskedEntry = {
    ...{ org, log: number, seq, pin, toldHash, nowMs: NOW_MS },
    shown: asked.shown ?? entryText(log, seq),
  };
  const gathered = await gatherQuestion(serve(log, cheats), entry);
  if (gathered.kind !== "question") throw new Error(gathered.kind);
  return judgeEntry(gathered.question);
}

function states({ checks }: ProofReport): Record<string, string> {
  return Object.fromEntries(checks.map(({ name, state }) => [name, state]));
}

function failures({ checks }: ProofReport): string[] {
  return checks.filter(({ state }) => state === "failed").map(({ name }) => name);
}

async function pinOf(log: SyntheticLog): Promise<PinnedLog> {
  const { toKeep } = await reportOf(log, { seq: log.size - 1 });
  if (toKeep === null) throw new Error("nothing to keep");
  return toKeep;
}

const LOG = new SyntheticLog().append(40).sign();

describe("an honest entry", () => {
  it("is proven on a first visit, which tests neither history nor key", async () => {
    const report = await reportOf(LOG);
    expect(report.verdict).toBe("proven");
    expect(states(report)).toEqual({
      ...{ bytes: "passed", inclusion: "passed", chain: "passed", signature: "passed" },
      ...{ history: "untested", key: "untested" },
    });
    expect(report.toKeep).toMatchObject({ vkey: LOG.vkey, checkpoint: LOG.checkpoint });
  });

  it("is proven at each place of trees of each size up to 12", async () => {
    for (let size = 1; size <= 12; size += 1) {
      const log = new SyntheticLog().append(size).sign();
      for (let seq = 0; seq < size; seq += 1) {
        expect((await reportOf(log, { seq })).verdict).toBe("proven");
      }
    }
  });

  it("is proven against a head that was kept, and the log is held to the newer one", async () => {
    const log = new SyntheticLog().append(40).sign();
    const pin = await pinOf(log);
    log.append(13).sign();
    const report = await reportOf(log, { pin });
    expect(states(report)).toMatchObject({ history: "passed", key: "passed" });
    expect(report.toKeep?.checkpoint).toBe(log.checkpoint);
  });

  it("tells the newest signed entry's age and what is not signed", async () => {
    const log = new SyntheticLog().append(40).sign().append(3);
    const { freshness, verdict } = await reportOf(log);
    expect(verdict).toBe("proven");
    expect(freshness).toMatchObject({
      newestAgeMs: 30 * 60_000 - 39_000,
      unsignedCount: 3,
      late: [expect.stringContaining("3 entries are not signed")],
    });
  });

  it("counts no age of a newest entry that is not proven", async () => {
    const younger = entryText(LOG, 39).replace("00:00:39.000Z", "00:29:39.000Z");
    const cheats: Cheats = {
      "39": ({ text }) => ({ status: 200, text: text.replace(entryText(LOG, 39), younger) }),
    };
    expect((await reportOf(LOG, { cheats })).freshness?.newestRecordedAt).toBeNull();
  });
});

describe("a doctored body turns the proof red", () => {
  const body = entryText(LOG, 7);

  it("at each of its bytes", () => {
    const opened = openProof(proofText(LOG, 7));
    for (let at = 0; at < body.length; at += 1) {
      const shown = body.slice(0, at) + (body[at] === "x" ? "y" : "x") + body.slice(at + 1);
      const toldHash = shownHash(body);
      expect(judgeBytes({ shown, toldHash, org: "acme" }).state).toBe("failed");
      expect(judgeInclusion(opened, 7, shown).state).toBe("failed");
    }
    expect(judgeInclusion(opened, 7, body).state).toBe("passed");
  });

  it("also where the server gives the doctored body's own hash beside it", async () => {
    const log = LOG.rewritten(7, { actor: "user:mallory@acme" });
    const shown = entryText(log, 7);
    const gathered = await gatherQuestion(serve(LOG), {
      ...{ org: "acme", log: 1, seq: 7, pin: null, nowMs: NOW_MS, shown },
      toldHash: shownHash(shown),
    });
    if (gathered.kind !== "question") throw new Error(gathered.kind);
    expect(failures(judgeEntry(gathered.question))).toEqual(["inclusion", "chain"]);
  });

  it.each([
    ["written with spaces", body.replaceAll('":', '": ')],
    ["with a member twice", body.replace("{", '{"action":"tool.call.denied",')],
    ["with a member more", body.replace(/\}$/, ',"zone":null}')],
    ["that is empty", "{}"],
  ])("%s", async (_, shown) => {
    expect(failures(await reportOf(LOG, { shown }))).toContain("bytes");
  });

  it("of another org", async () => {
    const log = new SyntheticLog({ org: "other" }).append(9).sign();
    expect(failures(await reportOf(log))).toEqual(["bytes", "signature"]);
  });
});

describe("a proof is refused", () => {
  const proof = (change: (text: string) => string): Cheats => ({
    "7/proof": ({ text }) => ({ status: 200, text: change(text) }),
  });

  it("under another index", async () => {
    const cheats = proof((text) => text.replace("index 7\n", "index 6\n"));
    expect(failures(await reportOf(LOG, { cheats }))).toEqual(["inclusion"]);
  });

  it("that is the neighbour's", async () => {
    const cheats = proof(() => proofText(LOG, 6));
    expect(failures(await reportOf(LOG, { cheats }))).toEqual(["inclusion"]);
  });

  it("with its path cut by a hash", async () => {
    const cheats = proof((text) => text.replace(/index 7\n[^\n]+\n/, "index 7\n"));
    expect(failures(await reportOf(LOG, { cheats }))).toEqual(["inclusion"]);
  });

  it("that is no proof", async () => {
    const report = await reportOf(LOG, { cheats: proof(() => "<html>") });
    expect(failures(report)).toEqual(["inclusion"]);
    expect(report.head).toBeNull();
  });

  it("whose head has another size than was signed", async () => {
    const cheats = proof((text) => text.replace("\n40\n", "\n41\n"));
    expect(failures(await reportOf(LOG, { cheats }))).toContain("signature");
  });

  it("by a key that the log does not list", async () => {
    const checkpoint = LOG.signedBy(40, [seedOf("mallory")]);
    const cheats = proof((text) => text.replace(LOG.checkpoint ?? "", checkpoint));
    expect(failures(await reportOf(LOG, { cheats }))).toEqual(["signature"]);
  });

  it("of another log's origin: the successor's where the first was asked for, and the other way round", async () => {
    const second = new SyntheticLog({ log: "log-2" }).append(20).sign();
    expect(failures(await reportOf(second))).toEqual(["signature"]);
    expect((await reportOf(second, { number: 2 })).verdict).toBe("proven");
    expect(failures(await reportOf(LOG, { number: 2 }))).toEqual(["signature"]);
  });

  it("where an entry beside it does not hold its hash", async () => {
    const other = LOG.rewritten(8, { previous_hash: "0".repeat(64) });
    const cheats: Cheats = {
      "8": ({ text }) => ({
        status: 200,
        text: text.replace(
          entryText(LOG, 8),
          entryText(other, 8).replace(/[0-9a-f]{64}/, "a".repeat(64)),
        ),
      }),
    };
    expect(failures(await reportOf(LOG, { cheats }))).toEqual(["chain"]);
  });

  it("for want of keys is open, and nothing is kept of it", async () => {
    const cheats: Cheats = { keys: () => ({ status: 503, text: "" }) };
    const report = await reportOf(LOG, { cheats });
    expect([report.verdict, report.toKeep]).toEqual(["open", null]);
  });
});

describe("what this browser kept stands against the log", () => {
  it("that was rewound", async () => {
    const pin = await pinOf(new SyntheticLog().append(60).sign());
    const report = await reportOf(LOG, { pin });
    expect(failures(report)).toEqual(["history"]);
    expect(report.toKeep).toBeNull();
  });

  it.each([
    ["of the same size", 0],
    ["that grew since", 20],
  ])("that was forked, %s", async (_, more) => {
    const pin = await pinOf(LOG);
    const fork = LOG.rewritten(30, { actor: "user:mallory@acme" }).append(more).sign();
    const report = await reportOf(fork, { pin });
    expect([report.verdict, failures(report)]).toEqual(["broken", ["history"]]);
  });

  it("whose consistency proof was cut", async () => {
    const pin = await pinOf(new SyntheticLog().append(37).sign());
    const cheats: Cheats = {
      "log/consistency?old=37&new=40": ({ text }) => ({ status: 200, text: text.slice(45) }),
    };
    expect(failures(await reportOf(LOG, { pin, cheats }))).toEqual(["history"]);
  });

  it("and passes nothing while the log withholds the proof", async () => {
    const pin = await pinOf(new SyntheticLog().append(37).sign());
    const cheats: Cheats = { "log/consistency?old=37&new=40": () => ({ status: 503, text: "" }) };
    const report = await reportOf(LOG, { pin, cheats });
    expect([report.verdict, states(report)["history"]]).toEqual(["open", "open"]);
  });

  it("with another key that signs the same", async () => {
    const pin = await pinOf(LOG);
    const other = new SyntheticLog({ key: "mallory" }).append(40).sign();
    const report = await reportOf(other, { pin });
    expect(failures(report)).toEqual(["key"]);
  });

  it("after its deployment took another name", async () => {
    const pin = await pinOf(LOG);
    const renamed = { ...pin, checkpoint: pin.checkpoint.replaceAll("mcpg.local", "mcpg.example") };
    expect(failures(await reportOf(LOG, { pin: renamed }))).toContain("signature");
  });
});

describe("keys that were rotated", () => {
  function rotated(): SyntheticLog {
    const log = new SyntheticLog().append(20).announceKey("second").append(4).sign();
    return log.append(25).announceKey("third").sign().append(9).sign();
  }

  it("follow the key that was kept, which is then the newest", async () => {
    const pin = await pinOf(new SyntheticLog().append(20).sign());
    const log = rotated();
    const report = await reportOf(log, { pin });
    expect([report.verdict, states(report)["key"]]).toEqual(["proven", "passed"]);
    expect(report.toKeep?.vkey).toBe(log.newestVkey);
  });

  it("without an announcement in the log are another's", async () => {
    const log = new SyntheticLog().append(25).sign();
    const pin = await pinOf(log);
    log.keys[0]!.toSize = 25;
    log.keys.push({ seed: seedOf("mallory"), fromSize: 25, toSize: null });
    log.checkpoints.set(
      25,
      log.signedBy(
        25,
        log.keys.map(({ seed }) => seed),
      ),
    );
    log.append(9).sign();
    const report = await reportOf(log, { pin });
    expect([report.verdict, states(report)["key"]]).toEqual(["open", "open"]);
    expect(report.toKeep).toBeNull();
  });

  it("do not sign on once they were rotated out", async () => {
    const log = rotated();
    const checkpoint = log.signedBy(log.size, [seedOf("first")]);
    const cheats: Cheats = {
      "7/proof": ({ text }) => ({
        status: 200,
        text: text.replace(log.checkpoint ?? "", checkpoint),
      }),
    };
    expect(failures(await reportOf(log, { cheats }))).toEqual(["signature"]);
  });

  it("whose list leaves out the kept one are not its successors", async () => {
    const pin = await pinOf(new SyntheticLog().append(20).sign());
    const log = rotated();
    const cheats: Cheats = {
      keys: ({ text }) => ({
        status: 200,
        text: JSON.stringify({ keys: JSON.parse(text).keys.slice(2) }),
      }),
    };
    expect(failures(await reportOf(log, { pin, cheats }))).toEqual(["key"]);
  });
});

describe("an entry without a proof", () => {
  const entry = { org: "acme", log: 1, pin: null, nowMs: NOW_MS, shown: "", toldHash: "" };

  it("is told apart: not signed yet, pruned, not there, not permitted", async () => {
    const log = new SyntheticLog().append(40).sign().append(1);
    log.minimumIndex = 5;
    const forbidden: Cheats = { "7/proof": () => ({ status: 403, text: "" }) };
    const kinds = await Promise.all([
      gatherQuestion(serve(log), { ...entry, seq: 40 }),
      gatherQuestion(serve(log), { ...entry, seq: 4 }),
      gatherQuestion(serve(log), { ...entry, seq: 41 }),
      gatherQuestion(serve(log, forbidden), { ...entry, seq: 7 }),
    ]);
    expect(kinds.map(({ kind }) => kind)).toEqual([
      ...["not_signed_yet", "pruned", "missing", "forbidden"],
    ]);
  });

  it("after a pruned one is proven by the tree, and its chain is untested", async () => {
    const log = new SyntheticLog().append(40).sign();
    log.minimumIndex = 7;
    const report = await reportOf(log);
    expect([report.verdict, states(report)["chain"]]).toEqual(["proven", "untested"]);
  });
});
