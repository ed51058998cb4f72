import { afterEach, beforeEach, describe, expect, it, type Mock, vi } from "vitest";
import { drainOutbox, eventOf } from "#audit/drain-outbox.ts";
import { Ledger } from "#audit/ledger/ledger.ts";
import { outboxJob } from "#audit/outbox-job.ts";
import { findLogsToSign } from "#audit/store/audit-logs.ts";
import { runCron } from "#cron.ts";
import type { AnyJob } from "#platform/jobs/job.ts";
import { requireStatus } from "../harness/answers.ts";
import { call, workerEnv } from "../harness/deployment.ts";
import { inProcess } from "../harness/in-process.ts";
import { createToken, makeOrg } from "../harness/orgs.ts";
import { LOST, watchedD1 } from "../harness/watched-d1.ts";
import { appendEvents, auditEntries, EVENT, statusOf } from "./audit-client.ts";
import { runAlarms } from "./ledger/run-pruning.ts";
import { waitingActions } from "./waiting-actions.ts";

const MINUTE_MS = 60_000;

const logOf = (org: string) => ({ org, log: 1, shard: "SHARD_0" });

beforeEach(() => {
  // An hour ahead of the clock that alarms go by, so that none goes off by itself.
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60 * MINUTE_MS });
  // What fails on purpose is logged.
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** An org whose ledger has told D1 of `entries` more than are signed. */
async function dirtyOrg(entries = 1): Promise<string> {
  const org = await makeOrg();
  if (entries > 0)
    await appendEvents(
      org,
      Array.from({ length: entries }, () => EVENT),
    );
  await runAlarms(logOf(org));
  return org;
}

async function idleOrg(): Promise<string> {
  const org = await dirtyOrg();
  await runCron(workerEnv, Date.now());
  return org;
}

async function signedSize(org: string): Promise<number> {
  return (await statusOf(org)).checkpoint?.size ?? 0;
}

/** Which logs a method of their ledgers is called for, from now on. */
function watchLogs(method: "headSince" | "publish" | "append"): () => string[] {
  const spy = vi.spyOn(Ledger.prototype, method);
  const before = spy.mock.calls.length;
  return () => spy.mock.calls.slice(before).map(([address]) => address.org);
}

/** Fails for that org each time, in that method, until mocks are restored. */
function breakLedger(method: "headSince" | "publish", broken: string): void {
  const original: (...args: never[]) => unknown = Ledger.prototype[method];
  const mocked = vi.spyOn(Ledger.prototype, method) as unknown as Mock;
  mocked.mockImplementation(function (this: Ledger, ...args: { org: string }[]) {
    if (args[0]?.org === broken) throw new Error("broken");
    return original.apply(this, args as never[]);
  });
}

describe("The tick signs", () => {
  it("the head of every org that has unsigned entries, and calls no other ledger", async () => {
    const idle = await idleOrg();
    const dirty = [await dirtyOrg(1), await dirtyOrg(5), await dirtyOrg(0)];
    const asked = watchLogs("headSince");
    await runCron(workerEnv, Date.now());
    expect(asked().sort()).toEqual([...dirty].sort());
    expect(await Promise.all(dirty.map(signedSize))).toEqual([2, 6, 1]);
    expect(await signedSize(idle)).toBe(2);
  });

  it("nothing where nothing came: no ledger is woken and no row is written", async () => {
    await idleOrg();
    const methods = [
      "alarm",
      "append",
      "announcePruning",
      "headSince",
      "publish",
      "status",
    ] as const;
    const spies = methods.map((method) => vi.spyOn(Ledger.prototype, method));
    let written = 0;
    const count = async (_: string, send: () => Promise<unknown>) => {
      const answer = (await send()) as { meta?: D1Meta } | { meta?: D1Meta }[];
      for (const { meta } of [answer].flat()) written += meta?.rows_written ?? 0;
      return answer;
    };
    const env = {
      ...workerEnv,
      DIRECTORY: watchedD1(workerEnv.DIRECTORY, count),
      SHARD_0: watchedD1(workerEnv.SHARD_0, count),
    };
    await runCron(env, Date.now(), inProcess(env));
    expect(written).toBe(0);
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  });

  it("once, though it runs many times at once", async () => {
    const org = await dirtyOrg(3);
    const published = watchLogs("publish");
    await Promise.all(Array.from({ length: 5 }, () => runCron(workerEnv, Date.now())));
    expect(await signedSize(org)).toBe(4);
    expect(published().filter((name) => name === org)).toHaveLength(1);
  });

  it("all others, though one fails, and that one later: a broken log comes last in the queue", async () => {
    const broken = await dirtyOrg();
    vi.setSystemTime(Date.now() + 1);
    const others = [await dirtyOrg(), await dirtyOrg()];
    breakLedger("headSince", broken);
    await expect(runCron(workerEnv, Date.now())).rejects.toThrow("1 steps failed");
    expect(await Promise.all(others.map(signedSize))).toEqual([2, 2]);
    const asked = watchLogs("headSince");
    await runCron(workerEnv, Date.now());
    expect(asked()).toEqual([]);
    vi.restoreAllMocks();
    vi.setSystemTime(Date.now() + MINUTE_MS);
    await runCron(workerEnv, Date.now());
    expect(await signedSize(broken)).toBe(2);
  });

  it("what comes after the first batch of the queue, too", async () => {
    // Frozen ones cost no call, and leave the queue.
    const waiting = `INSERT INTO audit_logs (org, log, frozen_reason, sign_after_ms)
      SELECT value, 1, 'because', 0 FROM json_each(?1)`;
    const names = Array.from({ length: 251 }, () => crypto.randomUUID());
    await workerEnv.SHARD_0.prepare(waiting).bind(JSON.stringify(names)).run();
    const org = await dirtyOrg();
    await runCron(workerEnv, Date.now());
    expect(await signedSize(org)).toBe(2);
    expect(await findLogsToSign(workerEnv.SHARD_0, Date.now() + MINUTE_MS, 1_000)).toEqual([]);
  });

  it("again what a tick recorded and did not live to publish", async () => {
    const org = await dirtyOrg();
    breakLedger("publish", org);
    vi.spyOn(console, "error").mockReturnValue();
    await expect(runCron(workerEnv, Date.now())).rejects.toThrow("steps failed");
    expect(await signedSize(org)).toBe(0);
    vi.restoreAllMocks();
    vi.setSystemTime(Date.now() + MINUTE_MS);
    await runCron(workerEnv, Date.now());
    expect(await signedSize(org)).toBe(2);
  });
});

describe("What operators did", () => {
  it("is brought to the ledger by the tick where the request could not", async () => {
    vi.spyOn(Ledger.prototype, "append").mockImplementationOnce(() => {
      throw new Error("broken");
    });
    const org = await makeOrg();
    expect((await statusOf(org)).tree_size).toBe(0);
    await runCron(workerEnv, Date.now());
    const [created] = await auditEntries(org);
    expect(created?.event).toMatchObject({
      action: "operator.org.created",
      actor: "operator:admin",
      recorded_by: "operator:admin",
    });
  });

  it("is in the ledger once, though the tick did not live to forget it, or ran twice at once", async () => {
    vi.spyOn(Ledger.prototype, "append").mockImplementationOnce(() => {
      throw new Error("broken");
    });
    const org = await makeOrg();
    const faulty = watchedD1(workerEnv.DIRECTORY, (sql, send) =>
      sql.startsWith("DELETE FROM ledger_outbox") ? Promise.reject(new Error(LOST)) : send(),
    );
    const env = { ...workerEnv, DIRECTORY: faulty };
    const ticked = runCron(env, Date.now(), inProcess(env));
    await expect(ticked).rejects.toThrow("1 steps failed");
    await Promise.all([runCron(workerEnv, Date.now()), runCron(workerEnv, Date.now())]);
    expect(await auditEntries(org)).toHaveLength(1);
    const left = "SELECT count(*) AS n FROM ledger_outbox WHERE org = ?1";
    expect(await workerEnv.DIRECTORY.prepare(left).bind(org).first("n")).toBe(0);
  });

  it("comes to every ledger, though those of many orgs before it by name are closed", async () => {
    const append = Ledger.prototype.append;
    const closed = new Set<string>();
    const mocked = vi.spyOn(Ledger.prototype, "append").mockImplementation(() => {
      throw new Error("broken");
    });
    const run = crypto.randomUUID().slice(0, 8);
    const orgs = ["a", "b", "c", "d"].map((name) => `${name}-${run}`);
    for (const org of orgs) {
      await requireStatus(201, call("POST", "/v1/orgs", { body: { org, tier: "enterprise" } }));
    }
    for (const org of orgs.slice(0, 3)) closed.add(org);
    mocked.mockImplementation(function (this: Ledger, address, events) {
      if (closed.has(address.org)) return Promise.resolve({ kind: "frozen", reason: "because" });
      return append.call(this, address, events);
    });
    const two = { ...outboxJob, itemsPerRun: 2, runsMax: 1 } as AnyJob;
    const tick = () => runCron(workerEnv, Date.now(), inProcess(workerEnv, [two]), [two]);
    await tick();
    expect((await statusOf(orgs[3]!)).tree_size).toBe(0);
    await tick();
    expect((await statusOf(orgs[3]!)).tree_size).toBe(1);
    closed.clear();
    await tick();
    await tick();
    for (const org of orgs) expect((await statusOf(org)).tree_size).toBe(1);
  });

  it("comes whole, however much waits", async () => {
    const org = await makeOrg();
    await waitingActions(org, 600);
    expect(await drainOutbox(workerEnv, logOf(org))).toBe("done");
    expect((await statusOf(org)).tree_size).toBe(601);
    await waitingActions(org, 300);
    await runCron(workerEnv, Date.now());
    expect((await statusOf(org)).tree_size).toBe(901);
  });

  it("comes in the order in which it was done, and holds no secret", async () => {
    const org = await makeOrg();
    const { id, token } = await createToken(org, ["audit:read"], { actor: "service:x" });
    await call("DELETE", `/v1/orgs/${org}/service-tokens/${id}`);
    await call("PATCH", `/v1/orgs/${org}`, { body: { publishes_audit_log: true } });
    const events = (await auditEntries(org)).map(({ event }) => event).reverse();
    expect(events.map(({ action }) => action)).toEqual([
      "operator.org.created",
      "operator.token.created",
      "operator.token.revoked",
      "operator.org.updated",
    ]);
    expect(JSON.stringify(events)).not.toContain(token);
  });

  it("is said by whoever did it, at the time it was done", () => {
    const event = eventOf({
      id: "0193e4c0-0000-7000-8000-000000000000",
      org: "acme",
      occurredAtMs: 0,
      actor: "service:deployer",
      action: "operator.token.created",
      target: "token://1",
      details: { name: "ci" },
      requestId: "r-1",
    });
    expect(event).toMatchObject({
      event_id: "0193e4c0-0000-7000-8000-000000000000",
      occurred_at: "1970-01-01T00:00:00.000Z",
      recorded_by: "service:deployer",
      request_id: "r-1",
    });
  });
});
