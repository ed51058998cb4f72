import { evictDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { drainDecisions } from "#audit/calls/drain-decisions.ts";
import type { LedgerStub } from "#audit/ledger-stub.ts";
import { beginCall, refuseCall, resumeCall } from "#gateway/record/begin-call.ts";
import { forgetOrg } from "#orgs/directory.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { metricSum, scrape } from "../../harness/calls.ts";
import { call, workerEnv } from "../../harness/deployment.ts";
import { losing, watchedD1 } from "../../harness/watched-d1.ts";
import {
  ALLOWED,
  AnsweredRequest,
  addressOf,
  begin,
  DENIED,
  entriesOf,
  leftIn,
  makeEnd,
  makeStart,
  newOrg,
  ring,
  samplesOf,
} from "./gateway-calls.ts";

const permitting = () => newOrg({ on_ledger_failure: "permit" });

/** Ledgers that are out of reach. */
function withoutLedger(env: Env = workerEnv, outage = { isOver: false }): Env {
  const stub = new Proxy({}, { get: () => () => Promise.reject(new Error("out of reach")) });
  const getByName = (name: string) => (outage.isOver ? workerEnv.LEDGER.getByName(name) : stub);
  return { ...env, LEDGER: { getByName } as unknown as Env["LEDGER"] };
}

/** It takes what it is sent, and its answers are lost. */
function deafToLedger(): Env {
  const getByName = (name: string) => {
    const stub = workerEnv.LEDGER.getByName(name) as unknown as Record<string, () => unknown>;
    const get =
      (_: object, method: string) =>
      async (...args: []) => {
        await stub[method]!(...args);
        throw new Error("the answer is lost");
      };
    return new Proxy({}, { get });
  };
  return { ...workerEnv, LEDGER: { getByName } as unknown as Env["LEDGER"] };
}

const waitingFor = async ({ org }: Org) => {
  const query = "SELECT count(*) AS n FROM decision_outbox WHERE org = ?1";
  const row = await workerEnv.DIRECTORY.prepare(query).bind(org).first<{ n: number }>();
  return row?.n;
};

const drain = (org: Org, log = 1) => drainDecisions(workerEnv, addressOf(org, log), Date.now());

const undurable = async ({ org }: Org) =>
  metricSum(await scrape(org), "mcpg_gateway_undurable_total");

const told = async (org: Org) =>
  (await entriesOf(org)).map(({ action, details }) => [
    action.split(".").at(-1),
    details["decided_without_ledger"] ?? details["error_code"] ?? details["outcome"],
  ]);

const freeze = (org: Org) =>
  (workerEnv.LEDGER.getByName(`${org.org}/1`) as unknown as LedgerStub).freeze(
    addressOf(org),
    "by the test",
  );

afterEach(() => {
  vi.useRealTimers();
});

describe("An org's choice for when its ledger cannot be written", () => {
  it("is to refuse, unless it says otherwise, which is on its record", async () => {
    const org = await newOrg();
    expect(org.onLedgerFailure).toBe("refuse");
    const attempt = begin(org, {}, new AnsweredRequest(), withoutLedger());
    await expect(attempt).rejects.toMatchObject({ failure: { kind: "unavailable" } });
    expect(await waitingFor(org)).toBe(0);
    const body = { on_ledger_failure: "permit" };
    const changed = await call("PATCH", `/v1/orgs/${org.org}`, { body });
    expect(await changed.json()).toMatchObject(body);
    const other = await call("PATCH", `/v1/orgs/${org.org}`, { body: { on_ledger_failure: "?" } });
    expect(other.status).toBe(400);
  });
});

describe("A call decided without its ledger", () => {
  it("goes on, and its entries and its sample are there once the ledger is", async () => {
    const org = await permitting();
    const request = new AnsweredRequest();
    const begun = await begin(org, {}, request, withoutLedger());
    expect(await waitingFor(org)).toBe(1);
    expect(await undurable(org)).toBe(1);
    await drain(org);
    expect(await entriesOf(org)).toEqual([]);
    begun.end(makeEnd());
    await request.done();
    expect(await samplesOf(org)).toMatchObject([{ id: begun.start.id, outcome: "ok" }]);
    await drain(org);
    await ring(org);
    expect(await told(org)).toEqual([
      ["allowed", true],
      ["completed", "ok"],
    ]);
    expect((await entriesOf(org))[0]).toMatchObject({ event_id: begun.start.id });
    expect((await entriesOf(org))[0]?.occurred_at).not.toBeNull();
    expect(await samplesOf(org)).toHaveLength(1);
    expect(await waitingFor(org)).toBe(0);
    expect(await undurable(org)).toBe(1);
    expect(await leftIn(org)).toEqual({ open: 0, ended: 0 });
  });

  it("that is refused has its decision and its sample", async () => {
    const org = await permitting();
    const start = makeStart();
    const sample = { outcome: "policy_denied", errorCode: "policy_denied" } as const;
    await refuseCall(withoutLedger(), new AnsweredRequest(), org, start, DENIED, sample);
    await drain(org);
    await ring(org);
    expect(await told(org)).toEqual([["denied", true]]);
    expect(await samplesOf(org)).toMatchObject([{ id: start.id, outcome: "policy_denied" }]);
    expect(await waitingFor(org)).toBe(0);
  });

  it("is lost as any other is, and a late end counts nothing", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const org = await permitting();
    const request = new AnsweredRequest();
    const outage = { isOver: false };
    const begun = await begin(org, {}, request, withoutLedger(workerEnv, outage));
    vi.setSystemTime(Date.now() + 61_000);
    await drain(org);
    await ring(org);
    outage.isOver = true;
    begun.end(makeEnd());
    await request.done();
    await ring(org);
    expect(await told(org)).toEqual([
      ["allowed", true],
      ["completed", "lost"],
      ["completed", "ok"],
    ]);
    expect(await samplesOf(org)).toMatchObject([{ outcome: "server_error", error_code: "lost" }]);
  });

  it("is one, though the ledger took the decision and only its answer was lost", async () => {
    const org = await permitting();
    const request = new AnsweredRequest();
    const begun = await begin(org, {}, request, deafToLedger());
    expect(await leftIn(org)).toEqual({ open: 1, ended: 0 });
    begun.end(makeEnd());
    await request.done();
    await drain(org);
    await drain(org);
    await ring(org);
    expect((await told(org)).map(([word]) => word)).toEqual(["allowed", "completed"]);
    expect(await samplesOf(org)).toHaveLength(1);
    expect(await leftIn(org)).toEqual({ open: 0, ended: 0 });
  });

  it("is brought to its ledger once, though the directory did not hear that it was", async () => {
    const org = await permitting();
    const request = new AnsweredRequest();
    const begun = await begin(org, {}, request, withoutLedger());
    begun.end(makeEnd());
    await request.done();
    const deaf = losing("DELETE FROM decision_outbox", "before");
    const env = { ...workerEnv, DIRECTORY: watchedD1(workerEnv.DIRECTORY, deaf) };
    await expect(drainDecisions(env, addressOf(org), Date.now())).rejects.toThrow();
    await drain(org);
    await ring(org);
    expect((await told(org)).map(([word]) => word)).toEqual(["allowed", "completed"]);
    expect(await leftIn(org)).toEqual({ open: 0, ended: 0 });
    expect(await waitingFor(org)).toBe(0);
  });

  it("waits for its next round where it was kept", async () => {
    const org = await permitting();
    const begun = await begin(org, {}, new AnsweredRequest(), withoutLedger());
    await begun.wait("key", Date.now() + 60_000);
    const request = new AnsweredRequest();
    const resumed = await resumeCall(workerEnv, request, org, "key");
    expect(resumed?.start.id).toBe(begun.start.id);
    expect(await resumeCall(workerEnv, request, org, "key")).toBeNull();
    resumed?.end(makeEnd());
    await request.done();
    await drain(org);
    expect((await told(org)).map(([word]) => word)).toEqual(["allowed", "completed"]);
  });

  it("is not begun where neither store can keep it", async () => {
    const org = await permitting();
    const DIRECTORY = watchedD1(workerEnv.DIRECTORY, (sql, send) =>
      sql.includes("decision_outbox") ? Promise.reject(new Error("D1 is down")) : send(),
    );
    const env = withoutLedger({ ...workerEnv, DIRECTORY });
    await expect(
      beginCall(env, new AnsweredRequest(), org, makeStart(), ALLOWED),
    ).rejects.toThrow();
    expect(await entriesOf(org)).toEqual([]);
    expect(await undurable(org)).toBe(0);
  });
});

describe("Calls of a log that is frozen meanwhile", () => {
  it("have their samples at once, and their completions in the log that goes on", async () => {
    const org = await newOrg();
    const request = new AnsweredRequest();
    const begun = await begin(org, {}, request);
    await freeze(org);
    begun.end(makeEnd());
    await request.done();
    await ring(org);
    expect(await samplesOf(org)).toMatchObject([{ id: begun.start.id, outcome: "ok" }]);
    expect(await leftIn(org)).toEqual({ open: 0, ended: 0 });
    expect(await waitingFor(org)).toBe(1);
    expect(await drain(org)).toBe("closed");
    await evictDurableObject(workerEnv.LEDGER.getByName(`${org.org}/1`));
    const body = { reason: "tested" };
    const recovered = await call("POST", `/v1/orgs/${org.org}/audit/recover`, { body });
    expect(recovered.status).toBeLessThan(300);
    forgetOrg(org.org);
    await drain(org, 2);
    const entries = await entriesOf(org, "&log=2");
    expect(entries.map(({ action }) => action)).toEqual([
      "ledger.succeeded",
      "tool.call.completed",
    ]);
    expect(entries[1]?.details["decision_id"]).toBe(begun.start.id);
    expect(await waitingFor(org)).toBe(0);
  });

  it("go on by D1's word where the org permits it, and are counted", async () => {
    const org = await permitting();
    await begin(org);
    await freeze(org);
    const request = new AnsweredRequest();
    const begun = await begin(org, {}, request);
    begun.end(makeEnd());
    await request.done();
    expect(await drain(org)).toBe("closed");
    expect(await samplesOf(org)).toMatchObject([{ id: begun.start.id }]);
    expect(await waitingFor(org)).toBe(1);
    expect(await undurable(org)).toBe(1);
  });
});
