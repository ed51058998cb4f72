import { describe, expect, it } from "vitest";
import type { LogAddress } from "#audit/audit-log.ts";
import {
  findLogsToSign,
  markFrozen,
  recordSigned,
  type SignedStep,
} from "#audit/store/audit-logs.ts";
import { workerEnv } from "../../harness/deployment.ts";
import { append, makeEvents, newLogOf, refusalOf, rowOf, sign } from "../ledger/test-log.ts";

const db = workerEnv.SHARD_0;

/** The row as a statement leaves it that goes past the code. */
function update({ org }: LogAddress, change: string): Promise<string> {
  return refusalOf(() =>
    db.prepare(`UPDATE audit_logs SET ${change} WHERE org = ?1`).bind(org).run(),
  );
}

async function stepFrom(log: LogAddress, fields: Partial<SignedStep>): Promise<SignedStep> {
  const row = await rowOf(log);
  return {
    org: log.org,
    log: log.log,
    fromSize: row.signedSize,
    fromRoot: row.signedRoot,
    size: row.signedSize + 1,
    root: "another root",
    checkpoint: "a note",
    oldestAtMs: null,
    keyEpoch: row.keyEpoch,
    seedVersion: row.seedVersion,
    wasRotationSeq: row.rotationSeq,
    rotationSeq: null,
    rotationSeedVersion: null,
    keys: row.keys,
    ...fields,
  };
}

describe("D1's record of what was signed, by itself,", () => {
  it("refuses a smaller size, and another root at the same size", async () => {
    const log = await newLogOf(3);
    await sign(log);
    for (const change of [
      "signed_size = 2",
      "signed_size = 2, published_size = 2",
      "signed_size = 0, signed_root = NULL, checkpoint = NULL, published_size = 0",
      "signed_root = 'another'",
      "signed_root = NULL",
      "published_size = 1",
    ]) {
      expect(await update(log, change)).toContain("must not go back");
    }
    expect(await rowOf(log)).toMatchObject({ signedSize: 3, publishedSize: 3 });
  });

  it("refuses to sign on in a frozen log", async () => {
    const log = await newLogOf(3);
    await sign(log);
    await markFrozen(db, log, "because");
    const larger = "tree_size = 4, signed_size = 4, signed_root = 'another'";
    expect(await update(log, larger)).toContain("must not go back");
    expect(await recordSigned(db, [await stepFrom(log, {})], Date.now())).toEqual([]);
  });

  it("refuses what contradicts itself: published but not signed, signed but not there", async () => {
    const log = await newLogOf(3);
    await sign(log);
    expect(await update(log, "published_size = 4")).toContain("CHECK");
    expect(await update(log, "signed_size = 4, signed_root = 'x'")).toContain("CHECK");
    expect(await update(log, "checkpoint = NULL")).toContain("CHECK");
  });
});

describe("recordSigned", () => {
  it("records nothing unless size, root and rotation are those that were decided on", async () => {
    const log = await newLogOf(3);
    await sign(log);
    const before = await rowOf(log);
    for (const fields of [
      { fromSize: 2 },
      { fromRoot: "another" },
      { fromRoot: null },
      { wasRotationSeq: 1 },
      { log: 2 },
    ]) {
      const step = await stepFrom(log, fields);
      expect(await recordSigned(db, [step], Date.now())).toEqual([]);
    }
    expect(await rowOf(log)).toEqual(before);
  });

  it("records one of any number of concurrent steps from the same head", async () => {
    const log = await newLogOf(1);
    await sign(log);
    const roots = Array.from({ length: 10 }, (_, at) => `root ${at}`);
    const recorded = await Promise.all(
      roots.map(async (root) => recordSigned(db, [await stepFrom(log, { root })], Date.now())),
    );
    expect(recorded.flat()).toHaveLength(1);
  });

  it("records each of many logs by itself: one that is late costs the others nothing", async () => {
    const logs = [await newLogOf(1), await newLogOf(1), await newLogOf(1)];
    const steps = await Promise.all(logs.map((log) => stepFrom(log, { root: log.org })));
    await append(logs[1]!, makeEvents(1));
    await sign(logs[1]!);
    const recorded = await recordSigned(db, steps, Date.now());
    expect(recorded.map(({ org }) => org).sort()).toEqual([logs[0]!.org, logs[2]!.org].sort());
  });
});

describe("The signer's queue", () => {
  it("has a log wait for a minute, and for no time at which a clock that was ahead has queued it", async () => {
    const nowMs = Date.now();
    const later = [nowMs + 60_000, nowMs + 3_600_001, nowMs + 3_650 * 86_400_000];
    const queued: boolean[] = [];
    for (const afterMs of later) {
      const log = await newLogOf(1);
      const queue = "UPDATE audit_logs SET sign_after_ms = ?2 WHERE org = ?1";
      await db.prepare(queue).bind(log.org, afterMs).run();
      const due = await findLogsToSign(db, nowMs, 1_000);
      queued.push(due.some(({ org }) => org === log.org));
    }
    expect(queued).toEqual([false, true, true]);
  });
});
