import { evictDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LedgerStub } from "#audit/ledger-stub.ts";
import { resumeCall, waitingKeys } from "#gateway/record/begin-call.ts";
import type { Org } from "#orgs/org.ts";
import { workerEnv } from "../../harness/deployment.ts";
import {
  AnsweredRequest,
  addressOf,
  begin,
  callOnce,
  entriesOf,
  leftIn,
  makeEnd,
  newOrg,
  ring,
  samplesOf,
} from "./gateway-calls.ts";

const object = (org: Org) => workerEnv.LEDGER.getByName(`${org.org}/1`);
const ledgerOf = (org: Org) => object(org) as unknown as LedgerStub;

/** The clock goes on by so much, and the object looks. */
async function pass(org: Org, seconds: number): Promise<void> {
  vi.setSystemTime(Date.now() + seconds * 1_000);
  await ring(org);
}

const completions = async (org: Org) =>
  (await entriesOf(org))
    .filter(({ action }) => action === "tool.call.completed")
    .map(({ outcome, details }) => [outcome, details["error_code"], details["late"] ?? false]);

/** Begun by a request that is never heard of again. */
const beginLost = (org: Org) => begin(org, {}, { waitUntil: () => undefined });

const tellAlive = (org: Org, id: string) =>
  ledgerOf(org).tellOfCalls(addressOf(org), { ends: [], alive: [id], waits: [] });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("A call that nobody tells of", () => {
  it("is completed as lost after 60 s, with its sample, though the object ended in between", async () => {
    const org = await newOrg();
    const { start } = await beginLost(org);
    await pass(org, 34);
    expect(await leftIn(org)).toEqual({ open: 1, ended: 0 });
    await pass(org, 2);
    await evictDurableObject(object(org));
    await pass(org, 23);
    expect(await completions(org)).toEqual([]);
    await pass(org, 2);
    expect(await completions(org)).toEqual([["error", "lost", false]]);
    expect(await samplesOf(org)).toMatchObject([
      { id: start.id, outcome: "server_error", error_code: "lost" },
    ]);
    expect(await leftIn(org)).toEqual({ open: 0, ended: 0 });
  });

  it("is not given up while it is marked alive", async () => {
    const org = await newOrg();
    const { start } = await beginLost(org);
    for (let marks = 0; marks < 8; marks += 1) {
      await pass(org, 20);
      await tellAlive(org, start.id);
      await pass(org, 20);
    }
    expect(await leftIn(org)).toEqual({ open: 1, ended: 0 });
    expect(await completions(org)).toEqual([]);
  });

  it("has a late entry that counts nothing where its end is told of after all, once", async () => {
    const org = await newOrg();
    const { start } = await beginLost(org);
    await pass(org, 36);
    await pass(org, 26);
    const ending = { outcome: "ok", errorCode: null, endedAtMs: Date.now(), responseBytes: 1 };
    const ends = [{ id: start.id, startedAtMs: start.startedAtMs, ending }];
    for (let times = 0; times < 3; times += 1) {
      await ledgerOf(org).tellOfCalls(addressOf(org), { ends, alive: [], waits: [] });
    }
    await ring(org);
    expect(await completions(org)).toEqual([
      ["error", "lost", false],
      ["allowed", null, true],
    ]);
    expect(await samplesOf(org)).toMatchObject([{ outcome: "server_error", error_code: "lost" }]);
  });

  it("survives a clock that jumps ahead or is set back, and is lost by the one that then goes on", async () => {
    const org = await newOrg();
    const { start } = await beginLost(org);
    await pass(org, 3_600);
    await tellAlive(org, start.id);
    await pass(org, -7_200);
    expect(await leftIn(org)).toEqual({ open: 1, ended: 0 });
    // Missed once, then two hours in one step: nobody was asked in between.
    await pass(org, 36);
    await pass(org, 7_200);
    expect(await completions(org)).toEqual([]);
    await pass(org, 26);
    expect(await completions(org)).toEqual([["error", "lost", false]]);
  });

  it("is lost in its time by a clock that was set back, whatever the one before had given it", async () => {
    const org = await newOrg();
    await beginLost(org);
    await pass(org, -7_200);
    await pass(org, 36);
    await pass(org, 26);
    expect(await completions(org)).toEqual([["error", "lost", false]]);
  });

  it("has its end told of by the isolate that raced its being given up counted in one way", async () => {
    const org = await newOrg();
    const request = new AnsweredRequest();
    const call = await begin(org, {}, request);
    await pass(org, 36);
    vi.setSystemTime(Date.now() + 26_000);
    call.end(makeEnd());
    await Promise.all([ring(org), request.done(), ring(org)]);
    await ring(org);
    const all = await completions(org);
    expect(all.filter(([, , isLate]) => !isLate)).toHaveLength(1);
    expect(await samplesOf(org)).toHaveLength(1);
    const [[, code]] = all as [[string, string | null, boolean]];
    expect((await samplesOf(org))[0]?.error_code).toBe(code);
  });

  it("is none that was told of twice: a completion is no late one of itself", async () => {
    const org = await newOrg();
    const id = await callOnce(org, { outcome: "server_error", errorCode: "timeout" });
    const ending = { ...makeEnd({ outcome: "ok" }), errorCode: null };
    const ends = [{ id, startedAtMs: Date.now(), ending }];
    await ledgerOf(org).tellOfCalls(addressOf(org), { ends, alive: [id], waits: [] });
    expect(await completions(org)).toEqual([["error", "timeout", false]]);
    expect(await leftIn(org)).toMatchObject({ open: 0 });
  });
});

describe("A call that waits for another round", () => {
  it("goes on with who comes with its key, and is one call", async () => {
    const org = await newOrg();
    const first = await begin(org);
    await first.wait("key-1", Date.now() + 600_000);
    await pass(org, 300);
    await pass(org, 30);
    const request = new AnsweredRequest();
    const second = await resumeCall(workerEnv, request, org, "key-1");
    expect(second?.start).toEqual(first.start);
    second?.end(makeEnd());
    await request.done();
    await ring(org);
    expect(await completions(org)).toEqual([["allowed", null, false]]);
    expect(await samplesOf(org)).toMatchObject([{ id: first.start.id, outcome: "ok" }]);
    expect(await resumeCall(workerEnv, request, org, "key-1")).toBeNull();
  });

  it("goes on with one of those who come at once", async () => {
    const org = await newOrg();
    const call = await begin(org);
    await call.wait("key-2", Date.now() + 600_000);
    const all = await Promise.all(
      Array.from({ length: 8 }, () => resumeCall(workerEnv, new AnsweredRequest(), org, "key-2")),
    );
    expect(all.filter((resumed) => resumed !== null)).toHaveLength(1);
  });

  it("is known to wait by whoever asks, and waits on until its own expiry", async () => {
    const org = await newOrg();
    const call = await begin(org);
    await call.wait("key-7", Date.now() + 60_000);
    const keys = ["key-7", "key-8"];
    const asks = Array.from({ length: 4 }, () => waitingKeys(workerEnv, org, keys));
    for (const waiting of await Promise.all(asks)) expect([...waiting]).toEqual(["key-7"]);
    await pass(org, 61);
    await pass(org, 26);
    expect(await completions(org)).toEqual([["error", "timeout", false]]);
    expect((await waitingKeys(workerEnv, org, keys)).size).toBe(0);
  });

  it("is found though its client comes while the wait is on its way", async () => {
    const org = await newOrg();
    const call = await begin(org);
    const waiting = call.wait("key-3", Date.now() + 600_000);
    const resumed = await resumeCall(workerEnv, new AnsweredRequest(), org, "key-3");
    await waiting;
    expect(resumed?.start.id).toBe(call.start.id);
  });

  it("ends as a time-out at its own expiry, and what comes then is late", async () => {
    const org = await newOrg();
    const call = await begin(org);
    await call.wait("key-4", Date.now() + 120_000);
    await pass(org, 100);
    await pass(org, 30);
    expect(await completions(org)).toEqual([]);
    await pass(org, 26);
    expect(await completions(org)).toEqual([["error", "timeout", false]]);
    expect(await samplesOf(org)).toMatchObject([
      { outcome: "server_error", error_code: "timeout", duration_ms: 120_000 },
    ]);
    expect(await resumeCall(workerEnv, new AnsweredRequest(), org, "key-4")).toBeNull();
  });

  it("loses its key to a later one, and times out by itself", async () => {
    const org = await newOrg();
    const calls = [await begin(org), await begin(org)] as const;
    for (const call of calls) await call.wait("key-5", Date.now() + 60_000);
    const resumed = await resumeCall(workerEnv, new AnsweredRequest(), org, "key-5");
    expect(resumed?.start.id).toBe(calls[1].start.id);
    await tellAlive(org, calls[1].start.id);
    await pass(org, 61);
    await tellAlive(org, calls[1].start.id);
    await pass(org, 26);
    expect(await completions(org)).toEqual([["error", "timeout", false]]);
    expect(await leftIn(org)).toEqual({ open: 1, ended: 0 });
  });

  it("gives its claim's holder the same call again, whose first answer was lost on the way", async () => {
    const org = await newOrg();
    const call = await begin(org);
    await call.wait("key-6", Date.now() + 60_000);
    const ids = [];
    for (const claim of ["claim:a", "claim:a", "claim:b"]) {
      ids.push((await ledgerOf(org).resumeCall("key-6", claim))?.id ?? null);
    }
    expect(ids).toEqual([call.start.id, call.start.id, null]);
  });
});
