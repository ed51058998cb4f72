import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LogAddress } from "#audit/audit-log.ts";
import { findLogsToSign, tellTreeSize } from "#audit/store/audit-logs.ts";
import type { Env } from "#platform/env.ts";
import { envWithShard, workerEnv } from "../../harness/deployment.ts";
import { losing } from "../../harness/watched-d1.ts";
import { nextAlarm, runAlarms } from "./run-pruning.ts";
import {
  append,
  ledgerOf,
  makeEvents,
  newLog,
  newLogOf,
  objectOf,
  rowOf,
  sign,
} from "./test-log.ts";

const TELL = "INSERT INTO audit_logs";

// An hour ahead, so that no alarm goes off by itself; what fails on purpose is logged.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** The alarm, with that deployment in place of the ledger's own. */
function ringWith(log: LogAddress, env: Env): Promise<unknown> {
  return runInDurableObject(objectOf(log), async (ledger, { storage }) => {
    await storage.deleteAlarm();
    const own = Object.getOwnPropertyDescriptor(ledger, "env");
    Object.defineProperty(ledger, "env", { value: env, configurable: true });
    await ledger.alarm();
    if (own !== undefined) Object.defineProperty(ledger, "env", own);
  });
}

async function isQueued({ org, log }: LogAddress): Promise<boolean> {
  const rows = await findLogsToSign(workerEnv.SHARD_0, Date.now(), 10_000);
  return rows.some((row) => row.org === org && row.log === log);
}

describe("A ledger tells D1 its size", () => {
  it("by an alarm that is set with the first entry, and queues the log to be signed", async () => {
    const log = await newLogOf(2);
    expect(await isQueued(log)).toBe(false);
    const soon = (await nextAlarm(log))! - Date.now();
    expect(soon).toBeLessThanOrEqual(1_000);
    await runAlarms(log);
    expect(await rowOf(log)).toMatchObject({ treeSize: 2, signedSize: 0 });
    expect(await isQueued(log)).toBe(true);
    expect(await nextAlarm(log)).toBeNull();
  });

  it("no more once it is signed: an idle log wakes nobody before it is scrubbed", async () => {
    const log = await newLogOf(2);
    await runAlarms(log);
    await sign(log);
    expect(await isQueued(log)).toBe(false);
    expect(await nextAlarm(log)).toBeNull();
  });

  it("although it was lost on the way, before or after it came about", async () => {
    for (const when of ["before", "after"] as const) {
      const log = await newLogOf(2);
      await ringWith(log, envWithShard(losing(TELL, when)));
      expect(await nextAlarm(log)).not.toBeNull();
      await runAlarms(log);
      expect(await rowOf(log)).toMatchObject({ treeSize: 2 });
      expect(await isQueued(log)).toBe(true);
    }
  });

  it("although its alarm was lost: who wakes it, arms it", async () => {
    const log = await newLogOf(2);
    await runInDurableObject(objectOf(log), (_, state) => state.storage.deleteAlarm());
    await evictDurableObject(objectOf(log));
    await ledgerOf(log).status();
    await runAlarms(log);
    expect(await isQueued(log)).toBe(true);
  });

  it("what came while it was telling, too", async () => {
    const log = await newLogOf(2);
    const env = envWithShard(async (sql, send) => {
      if (sql.includes(TELL)) await append(log, makeEvents(3));
      return send();
    });
    await ringWith(log, env);
    await runAlarms(log);
    expect((await rowOf(log)).treeSize).toBe(5);
  });

  it("although D1 has forgotten the log", async () => {
    const log = await newLogOf(2);
    await workerEnv.SHARD_0.prepare("DELETE FROM audit_logs WHERE org = ?1").bind(log.org).run();
    await runAlarms(log);
    expect(await isQueued(log)).toBe(true);
    expect(await sign(log)).toContain("\n2\n");
  });

  it("and a word that comes late changes nothing", async () => {
    const log = await newLogOf(3);
    await runAlarms(log);
    await sign(log);
    const none = { oldestAtMs: null, frozenReason: null, scrubbedAtMs: null };
    const late = { org: log.org, log: log.log, treeSize: 2, ...none };
    await tellTreeSize(workerEnv.SHARD_0, late, Date.now());
    expect(await rowOf(log)).toMatchObject({ treeSize: 3, signedSize: 3 });
    expect(await isQueued(log)).toBe(false);
  });

  it("while it is signed: what was appended meanwhile stays in the queue", async () => {
    const log = await newLog();
    await append(log, makeEvents(2));
    await runAlarms(log);
    const env = envWithShard(async (sql, send) => {
      if (sql.includes("published_size = max(published_size")) {
        await append(log, makeEvents(1));
        await runAlarms(log);
      }
      return send();
    });
    await sign(log, env);
    expect(await rowOf(log)).toMatchObject({ treeSize: 3, signedSize: 2, publishedSize: 2 });
    expect(await isQueued(log)).toBe(true);
  });
});
