import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { expiryJob } from "#audit/expiry-job.ts";
import { Ledger } from "#audit/ledger/ledger.ts";
import { runCron } from "#cron.ts";
import { encodeBase64 } from "#formats/base64.ts";
import { decodeBundle } from "#formats/tlog/tlog-tiles.ts";
import { NaiveTree } from "../../formats/tlog/naive-tree.ts";
import { refusal, requireStatus } from "../../harness/answers.ts";
import { call, workerEnv } from "../../harness/deployment.ts";
import { createToken, makeOrg } from "../../harness/orgs.ts";
import { settleShardClock } from "../../harness/shard-clock.ts";
import {
  appendEvents,
  auditEntries,
  auditText,
  EVENT,
  exportedLines,
  getAudit,
  isProven,
  keysOf,
  parseLine,
  postEvents,
  signHead,
  statusOf,
  verified,
} from "../audit-client.ts";
import { waitingActions } from "../waiting-actions.ts";
import { runAlarms, settleLedgerClock } from "./run-pruning.ts";

const DAY_MS = 86_400_000;
const utf8 = new TextEncoder();

/** An hour ahead of the clock that alarms go by, so that none goes off by itself. */
let startMs = 0;
beforeEach(() => {
  startMs = Date.now() + 3_600_000;
  vi.useFakeTimers({ toFake: ["Date"], now: startMs });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** All that the tick of that day sets in motion: what is told is signed, what is signed is deleted. */
async function tickOn(day: number, org: string): Promise<void> {
  vi.setSystemTime(startMs + day * DAY_MS);
  const log = { org, log: 1, shard: "SHARD_0" };
  await settleShardClock();
  await settleLedgerClock(log);
  for (let tick = 0; tick < 3; tick += 1) {
    await runCron(workerEnv, Date.now());
    await runAlarms(log);
  }
}

/** The expiry job's part of a tick, with no other job before it. */
async function expireAlone(org: string, auditDays: number, hasRoomFor = () => true): Promise<void> {
  await runAlarms({ org, log: 1, shard: "SHARD_0" });
  const nowMs = Date.now();
  const place = {
    env: workerEnv,
    shard: "SHARD_0",
    nowMs,
    overMs: nowMs + DAY_MS,
    hasRoomFor,
    attempt: (_: string, work: () => Promise<void>) => work(),
  };
  await expiryJob.step(place, [{ org, isDeleted: false, auditDays }]);
}

/** Keeps entries 30 days. The first one says that it was created; the rest are signed. */
async function communityOrg(entries: number): Promise<string> {
  const org = await makeOrg({ tier: "community" });
  for (let left = entries - 1; left > 0; left -= 256) {
    const events = Array.from({ length: Math.min(left, 256) }, () => ({
      ...EVENT,
      event_id: crypto.randomUUID(),
    }));
    await appendEvents(org, events);
  }
  return org;
}

async function change(org: string, body: unknown): Promise<void> {
  await requireStatus(200, call("PATCH", `/v1/orgs/${org}`, { body }));
}

async function remove(org: string): Promise<void> {
  await requireStatus(202, call("DELETE", `/v1/orgs/${org}`));
}

function hold(org: string): Promise<Response> {
  return call("POST", `/v1/orgs/${org}/audit/holds`, { body: { reason: "a case" } });
}

describe("Entries that have expired", () => {
  it("are gone, and all the rest is still proven", async () => {
    const org = await communityOrg(300);
    await signHead(org);
    const lines = await exportedLines(org);
    await tickOn(31, org);
    expect((await statusOf(org)).minimum_index).toBe(256);
    for (const path of [
      "/0",
      "/255",
      "/0/proof",
      "/log/tile/entries/000",
      "/export?from_seq=255",
    ]) {
      expect([path, await refusal(getAudit(org, path))]).toEqual([path, [410, "pruned"]]);
    }
    const note = await auditText(org, "/log/checkpoint");
    const left = await exportedLines(org);
    expect(left.slice(0, 44)).toEqual(lines.slice(256));
    for (const seq of [256, 280, 301]) {
      expect(await isProven(org, { seq, line: left[seq - 256]! }, note)).toBe(true);
    }
    const tree = new NaiveTree([...lines.slice(0, 256), ...left].map((line) => utf8.encode(line)));
    const { size, root } = verified(note, await keysOf(org));
    expect(root).toEqual(tree.root(size));
    const proof = tree.proof(100, size).map((hash) => `${encodeBase64(hash)}\n`);
    expect(await auditText(org, `/log/consistency?old=100&new=${size}`)).toBe(proof.join(""));
    const tile = await requireStatus(200, getAudit(org, "/log/tile/0/000"));
    expect((await tile.arrayBuffer()).byteLength).toBe(8_192);
  });

  it("wait for what is announced to be signed, and are readable until then", async () => {
    const org = await communityOrg(300);
    vi.setSystemTime(startMs + 31 * DAY_MS);
    const log = { org, log: 1, shard: "SHARD_0" };
    await runAlarms(log);
    await settleShardClock();
    await settleLedgerClock(log);
    await runCron(workerEnv, Date.now());
    const [announcement] = await auditEntries(org, "?action=ledger.pruned");
    expect(announcement?.event.details).toMatchObject({ from: "0", to: "256" });
    expect((await getAudit(org, "/0")).status).toBe(200);
    await tickOn(31, org);
    expect((await getAudit(org, "/0")).status).toBe(410);
  });

  it("stay while a legal hold is in force, and go when it is released", async () => {
    const org = await communityOrg(300);
    const { id } = (await (await requireStatus(201, hold(org))).json()) as { id: string };
    await tickOn(31, org);
    expect(await statusOf(org)).toMatchObject({ minimum_index: 0, holds: 1 });
    const path = `/v1/orgs/${org}/audit/holds/${id}`;
    await requireStatus(204, call("DELETE", path));
    await tickOn(32, org);
    expect(await statusOf(org)).toMatchObject({ minimum_index: 256, holds: 0 });
  });

  it("stay for as long as was in force when they were written, and the log says so", async () => {
    const org = await makeOrg({ tier: "pro" });
    await appendEvents(org, Array(254).fill(EVENT));
    await change(org, { tier: "community" });
    expect(await statusOf(org)).toMatchObject({
      retention: {
        days: 30,
        ranges: [
          { from_seq: 0, days: 90 },
          { from_seq: 256, days: 30 },
        ],
      },
    });
    await appendEvents(org, Array(256).fill(EVENT));
    await tickOn(89, org);
    expect(await statusOf(org)).toMatchObject({ minimum_index: 0, tree_size: 512 });
    await tickOn(91, org);
    expect((await statusOf(org)).minimum_index).toBe(512);
    const [announcement] = await auditEntries(org, "?action=ledger.pruned");
    expect(announcement?.event.details).toMatchObject({ to: "512", retention_days: "30" });
  });

  it("stay for a longer retention that was in force for a while, though its entry is on its way", async () => {
    const org = await communityOrg(300);
    vi.setSystemTime(startMs + 20 * DAY_MS);
    const drained = vi.spyOn(Ledger.prototype, "append").mockImplementation(() => {
      throw new Error("out of reach");
    });
    vi.spyOn(console, "error").mockReturnValue();
    await change(org, { retention: { audit_days: 60 } });
    await change(org, { retention: { audit_days: null } });
    drained.mockRestore();
    vi.setSystemTime(startMs + 31 * DAY_MS);
    await expireAlone(org, 30);
    expect(await auditEntries(org, "?action=ledger.pruned")).toEqual([]);
    await tickOn(31, org);
    expect(await statusOf(org)).toMatchObject({ minimum_index: 0, retention: { days: 30 } });
    await tickOn(61, org);
    expect((await statusOf(org)).minimum_index).toBe(256);
  });

  it("leave after all that operators did by then, however much of it waits", async () => {
    const org = await communityOrg(300);
    vi.setSystemTime(startMs + 31 * DAY_MS);
    await settleLedgerClock({ org, log: 1, shard: "SHARD_0" });
    await waitingActions(org, 600);
    await expireAlone(org, 30, () => false);
    expect(await auditEntries(org, "?action=ledger.pruned")).toEqual([]);
    await expireAlone(org, 30);
    const [pruned, last] = await auditEntries(org);
    expect([pruned?.seq, pruned?.event["action"]]).toEqual([900, "ledger.pruned"]);
    expect(last?.event["action"]).toBe("operator.token.created");
  });

  it("cost no ledger a call while what was promised to them has time", async () => {
    const org = await makeOrg({ tier: "pro" });
    await change(org, { tier: "community" });
    await tickOn(0, org);
    const asked = vi.spyOn(Ledger.prototype, "announcePruning");
    await tickOn(89, org);
    expect(asked.mock.calls.filter(([log]) => log.org === org)).toEqual([]);
    await tickOn(91, org);
    expect(asked.mock.calls.filter(([log]) => log.org === org)).not.toEqual([]);
  });
});

describe("A deleted org's log", () => {
  it("says so, is signed by the tick, and is the administrator's alone to read", async () => {
    const org = await communityOrg(3);
    const { token } = await createToken(org, ["audit:read", "org:admin"]);
    await remove(org);
    await runAlarms({ org, log: 1, shard: "SHARD_0" });
    await runCron(workerEnv, Date.now());
    const [last] = await auditEntries(org);
    expect(last?.event).toMatchObject({ action: "operator.org.deleted", target: `org://${org}` });
    const note = await auditText(org, "/log/checkpoint");
    expect(verified(note, await keysOf(org)).size).toBe(last!.seq + 1);
    const bundle = await getAudit(org, `/log/tile/entries/000.p/${last!.seq + 1}`);
    expect(decodeBundle(new Uint8Array(await bundle.arrayBuffer()))).toHaveLength(last!.seq + 1);
    for (const path of ["", "/0", "/status", "/keys", "/log/checkpoint", "/export", "/holds"]) {
      // Revoked with the org, and not so much as told that it was.
      expect([401, 404]).toContain((await getAudit(org, path, { token })).status);
    }
    expect(await refusal(postEvents(org, [EVENT]))).toEqual([404, "not_found"]);
    expect(parseLine((await exportedLines(org)).at(-1)!)["action"]).toBe("operator.org.deleted");
  });

  it("expires like any other, and is destroyed when nothing of it is left to keep", async () => {
    const org = await communityOrg(3);
    await remove(org);
    await tickOn(0, org);
    await tickOn(31, org);
    expect((await statusOf(org)).tree_size).toBe(4);
    await tickOn(38, org);
    expect(await statusOf(org)).toMatchObject({ tree_size: 5, minimum_index: 4 });
    await tickOn(60, org);
    expect((await statusOf(org)).tree_size).toBe(5);
    await tickOn(69, org);
    expect(await statusOf(org)).toMatchObject({ tree_size: 0, head: null, checkpoint: null });
    const rows = "SELECT count(*) AS n FROM audit_logs WHERE org = ?1";
    expect(await workerEnv.SHARD_0.prepare(rows).bind(org).first("n")).toBe(0);
  });

  it("is kept as long as was promised when the org was, though less is in force in the end", async () => {
    const org = await makeOrg({ tier: "pro" });
    await change(org, { tier: "community" });
    await remove(org);
    for (const day of [0, 38, 69, 89]) await tickOn(day, org);
    expect(await statusOf(org)).toMatchObject({ tree_size: 3, minimum_index: 0 });
    for (const day of [98, 128, 190]) await tickOn(day, org);
    expect((await statusOf(org)).tree_size).toBe(0);
  });

  it("that is destroyed is not begun again: one name never has two first entries", async () => {
    const org = await communityOrg(2);
    await remove(org);
    for (const day of [0, 38, 69]) await tickOn(day, org);
    expect(await refusal(getAudit(org, "/export"))).toEqual([404, "not_found"]);
    expect(await refusal(hold(org))).toEqual([404, "not_found"]);
    const checkpoint = call("POST", `/v1/orgs/${org}/audit/checkpoint`);
    expect(await refusal(checkpoint)).toEqual([404, "not_found"]);
    const recovery = call("POST", `/v1/orgs/${org}/audit/recover`, { body: { reason: "x" } });
    expect(await refusal(recovery)).toEqual([404, "not_found"]);
    expect((await statusOf(org)).tree_size).toBe(0);
    const rows = "SELECT count(*) AS n FROM audit_logs WHERE org = ?1";
    expect(await workerEnv.SHARD_0.prepare(rows).bind(org).first("n")).toBe(0);
  });

  it("is kept while the administrator holds it, and let go", async () => {
    const org = await communityOrg(2);
    await remove(org);
    const { id } = (await (await requireStatus(201, hold(org))).json()) as { id: string };
    for (const day of [0, 38, 69, 110]) await tickOn(day, org);
    expect(await statusOf(org)).toMatchObject({ minimum_index: 0, holds: 1 });
    await requireStatus(204, call("DELETE", `/v1/orgs/${org}/audit/holds/${id}`));
    for (const day of [111, 150, 190]) await tickOn(day, org);
    expect((await statusOf(org)).tree_size).toBe(0);
  });
});
