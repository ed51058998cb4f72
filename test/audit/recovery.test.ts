import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { app } from "#app.ts";
import { Ledger } from "#audit/ledger/ledger.ts";
import { openSuccessor } from "#audit/recovery.ts";
import { runCron } from "#cron.ts";
import { encodeBase64 } from "#formats/base64.ts";
import { parseCheckpoint } from "#formats/tlog/checkpoint.ts";
import { parseNote } from "#formats/tlog/signed-note.ts";
import { forgetOrg } from "#orgs/directory.ts";
import { succeedAuditLog } from "#orgs/store/orgs.ts";
import type { Env } from "#platform/env.ts";
import { refusal, requireStatus } from "../harness/answers.ts";
import { metricSum, scrape } from "../harness/calls.ts";
import { ADMIN_TOKEN, call, workerEnv } from "../harness/deployment.ts";
import { newId } from "../harness/new-id.ts";
import { createToken, makeOrg } from "../harness/orgs.ts";
import { losing, watchedD1 } from "../harness/watched-d1.ts";
import {
  appendEvents,
  auditEntries,
  auditJson,
  auditText,
  EVENT,
  exportedLines,
  getAudit,
  keysOf,
  parseLine,
  postEvents,
  signHead,
  statusOf,
  verified,
} from "./audit-client.ts";
import { restoreRow, truncateLedger } from "./ledger/set-back.ts";
import { ledgerOf, rowOf } from "./ledger/test-log.ts";

const REASON = { reason: "The database was restored." };
// What fails on purpose is logged.
beforeEach(() => vi.spyOn(console, "error").mockReturnValue());
afterEach(() => vi.restoreAllMocks());
const logOf = (org: string, log = 1) => ({ org, log, shard: "SHARD_0" });

function recover(org: string, body: unknown = REASON): Promise<Response> {
  return call("POST", `/v1/orgs/${org}/audit/recover`, { body });
}

/** By D1 set back to before the checkpoint that it returns. */
async function freeze(org: string, log = 1): Promise<string> {
  await signHead(org);
  const older = await rowOf(logOf(org, log));
  await appendEvents(org, [EVENT, EVENT]);
  const note = await signHead(org);
  await restoreRow(older);
  await appendEvents(org, [EVENT]);
  const answer = call("POST", `/v1/orgs/${org}/audit/checkpoint`);
  expect(await refusal(answer)).toEqual([503, "ledger_frozen"]);
  return note;
}

/** What names a checkpoint in the first entry of the log that comes after. */
function named(note: string) {
  const { size, root } = parseCheckpoint(parseNote(note)?.text ?? "")!;
  return { size: String(size), root: encodeBase64(root) };
}

describe("A frozen log over HTTP", () => {
  it("refuses entries with Retry-After, and says why to a reader and to a scraper", async () => {
    const org = await makeOrg();
    await freeze(org);
    const refused = await postEvents(org, [EVENT]);
    expect([refused.status, Number(refused.headers.get("retry-after")) > 0]).toEqual([503, true]);
    expect(await refusal(Promise.resolve(refused))).toEqual([503, "ledger_frozen"]);
    const status = await statusOf(org);
    expect(status).toMatchObject({ frozen: true, tree_size: 4, successor: null });
    expect(status.frozen_reason).toContain("was set back");
    expect(Date.parse(status.frozen_at ?? "")).toBeGreaterThan(0);
    expect(metricSum(await scrape(org), "mcpg_audit_frozen", `org="${org}"`)).toBe(1);
  });

  it("goes on with reads, proofs, the checkpoint, and exports, which the successor records", async () => {
    const org = await makeOrg();
    const note = await freeze(org);
    expect(await exportedLines(org, "?to_seq=3")).toHaveLength(3);
    await requireStatus(200, getAudit(org, "/export?format=pack"));
    expect(await auditEntries(org)).toHaveLength(4);
    expect(await auditText(org, "/1/proof")).toContain(note);
    expect(await auditText(org, "/log/checkpoint")).toBe(note);
    expect((await getAudit(org, "/log/tile/entries/000.p/3")).status).toBe(200);
    expect(verified(note, await keysOf(org)).size).toBe(3);
    await requireStatus(200, recover(org));
    const exports = await auditEntries(org, "?action=operator.audit.exported");
    expect(exports.map(({ event }) => event.details)).toMatchObject([
      { format: "pack", log: "1", from_seq: "0", to_seq: "3" },
      { format: "ndjson", log: "1", from_seq: "0", to_seq: "3" },
    ]);
  });

  it("lets operators act: what they did waits, and arrives in the successor", async () => {
    const org = await makeOrg();
    await freeze(org);
    const { id } = await createToken(org, ["audit:read"]);
    await runCron(workerEnv, Date.now());
    expect((await auditEntries(org))[0]?.event["action"]).toBe("tool.call.allowed");
    await requireStatus(200, recover(org));
    const events = (await auditEntries(org)).map(({ event }) => event);
    expect(events.map(({ action }) => action)).toEqual([
      "operator.audit.recovered",
      "operator.token.created",
      "ledger.succeeded",
    ]);
    expect(events[1]?.["target"]).toBe(`token://${id}`);
  });
});

describe("POST /audit/recover", () => {
  it("opens a successor whose first entry names the old log and its last signed head", async () => {
    const org = await makeOrg();
    const note = await freeze(org);
    const { origin, frozen_reason } = await statusOf(org);
    const status = await (await requireStatus(200, recover(org))).json();
    expect(status).toMatchObject({ log: 2, frozen: false, origin: `${origin}-2` });
    const [first] = await exportedLines(org);
    const event = parseLine(first!);
    expect(event).toMatchObject({
      action: "ledger.succeeded",
      previous_hash: "0".repeat(64),
      recorded_by: "operator:admin",
      details: { origin, ...named(note), ...REASON, frozen_because: frozen_reason },
    });
    expect(metricSum(await scrape(org), "mcpg_audit_frozen", `org="${org}"`)).toBe(0);
  });

  it("promises the successor's entries what is in force", async () => {
    const org = await makeOrg({ tier: "team" });
    await freeze(org);
    await requireStatus(200, recover(org));
    const ranges = [{ from_seq: 0, days: 180 }];
    expect(await statusOf(org)).toMatchObject({ retention: { days: 180, ranges } });
  });

  it("names what D1 says was signed when it is the ledger that was set back", async () => {
    const org = await makeOrg();
    await appendEvents(org, [EVENT, EVENT]);
    const note = await signHead(org);
    await truncateLedger(logOf(org), { size: 2, publishedSize: 0 });
    await refusal(call("POST", `/v1/orgs/${org}/audit/checkpoint`));
    await requireStatus(200, recover(org));
    const { event } = await auditJson<{ event: { details: unknown } }>(org, "/0");
    expect(event.details).toMatchObject(named(note));
  });

  it("sends entries to the successor, and leaves the old log readable under its own names", async () => {
    const org = await makeOrg();
    const note = await freeze(org);
    await requireStatus(200, recover(org));
    const [receipt] = await appendEvents(org, [EVENT]);
    const next = await signHead(org);
    expect(await auditText(org, "/log/checkpoint")).toBe(note);
    expect(await auditText(org, "/log-2/checkpoint")).toBe(next);
    expect(verified(next, await keysOf(org)).origin).toBe((await statusOf(org)).origin);
    expect(verified(note, await keysOf(org, "?log=1")).size).toBe(3);
    expect(await auditEntries(org, "?log=1")).toHaveLength(4);
    expect(await auditText(org, "/1/proof?log=1")).toContain(note);
    expect(await auditText(org, `/${receipt?.seq}/proof`)).toContain(next);
    expect(await statusOf(org, "?log=1")).toMatchObject({ frozen: true, successor: 2, log: 1 });
    for (const path of ["/log-1/checkpoint", "/log-3/checkpoint", "/log-02/checkpoint"]) {
      expect((await getAudit(org, path)).status).toBe(404);
    }
    for (const query of ["?log=3", "/status?log=3"]) {
      expect((await getAudit(org, query)).status).toBe(404);
    }
    expect((await getAudit(org, "?log=0")).status).toBe(400);
  });

  it("may be done again later, by which log 3 follows log 2", async () => {
    const org = await makeOrg();
    await freeze(org);
    await requireStatus(200, recover(org));
    const note = await freeze(org, 2);
    await requireStatus(200, recover(org));
    expect(await statusOf(org)).toMatchObject({ log: 3, frozen: false });
    const { event } = await auditJson<{ event: { details: unknown } }>(org, "/0");
    expect(event.details).toMatchObject(named(note));
    const origins = await Promise.all(["?log=1", "?log=2", ""].map((log) => statusOf(org, log)));
    expect(new Set(origins.map(({ origin }) => origin)).size).toBe(3);
    await appendEvents(org, [EVENT]);
    await signHead(org);
  });

  it("is refused while the log is not frozen, without a reason, and to all but the administrator", async () => {
    const org = await makeOrg();
    expect(await refusal(recover(org))).toEqual([409, "conflict"]);
    for (const body of [{}, { reason: "" }, { reason: "a\nb" }, { ...REASON, log: 2 }]) {
      expect(await refusal(recover(org, body))).toEqual([400, "invalid_request"]);
    }
    const { token } = await createToken(org, ["org:admin", "audit:read", "audit:write"]);
    const path = `/v1/orgs/${org}/audit/recover`;
    const answer = call("POST", path, { body: REASON, token });
    expect(await refusal(answer)).toEqual([403, "administrator_only"]);
    expect((await statusOf(org)).log).toBe(1);
  });

  it("opens one successor, however many ask for it at once", async () => {
    const org = await makeOrg();
    await freeze(org);
    const asked = Array.from({ length: 8 }, (_, at) => recover(org, { reason: `reason ${at}` }));
    const answers = await Promise.all(asked);
    // One that came late finds a log that is not frozen.
    for (const { status } of answers) expect([200, 409]).toContain(status);
    expect(answers.some(({ status }) => status === 200)).toBe(true);
    expect((await statusOf(org)).log).toBe(2);
    const actions = (await auditEntries(org)).map(({ event }) => event["action"]);
    expect(actions).toEqual(["operator.audit.recovered", "ledger.succeeded"]);
  });

  it.each([
    ["ending the old log", "succeed", null],
    ["opening the new one", "append", null],
    ["telling D1 of it", null, "INSERT INTO audit_logs (org, log) VALUES"],
    ["naming it in the directory", null, 'update "orgs"'],
  ] as const)("goes on after it died at %s", async (_, method, sql) => {
    const org = await makeOrg();
    await freeze(org);
    if (method !== null) {
      vi.spyOn(Ledger.prototype, method).mockImplementationOnce(() => {
        throw new Error("died");
      });
    }
    const fault = losing(sql ?? "none", "before");
    const DIRECTORY = watchedD1(workerEnv.DIRECTORY, fault);
    const env: Env = { ...workerEnv, DIRECTORY, SHARD_0: watchedD1(workerEnv.SHARD_0, fault) };
    const request = {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify(REASON),
    };
    const died = await app.request(`/v1/orgs/${org}/audit/recover`, request, env);
    expect(died.status).toBeGreaterThanOrEqual(500);
    const between = await postEvents(org, [EVENT]);
    expect([between.status, between.headers.has("retry-after")]).toEqual([503, true]);
    await requireStatus(200, recover(org, { reason: "Once more." }));
    await appendEvents(org, [EVENT]);
    const actions = (await auditEntries(org)).map(({ event }) => event["action"]);
    const [last, ...first] = ["tool.call.allowed", "operator.audit.recovered", "ledger.succeeded"];
    expect(actions).toEqual([last, ...first]);
  });

  it("frees a log that D1 knows to be frozen and whose ledger was set back to before that", async () => {
    const org = await makeOrg();
    await appendEvents(org, [EVENT]);
    const frozen = "UPDATE audit_logs SET frozen_reason = 'because' WHERE org = ?1";
    await workerEnv.SHARD_0.prepare(frozen).bind(org).run();
    await requireStatus(200, recover(org));
    expect((await statusOf(org)).log).toBe(2);
    expect(await statusOf(org, "?log=1")).toMatchObject({ frozen: true, frozen_reason: "because" });
  });
});

describe("An isolate that still remembers the succeeded log", () => {
  /** Past the isolate, as another one would. */
  async function recoverElsewhere(org: string): Promise<void> {
    await statusOf(org);
    const terms = { ...REASON, recordedBy: "operator:admin", auditDays: 30 };
    await openSuccessor(workerEnv, logOf(org), terms);
    await succeedAuditLog(
      workerEnv.DIRECTORY,
      { org, auditLog: 1 },
      {
        id: newId(),
        org,
        occurredAtMs: Date.now(),
        actor: "operator:admin",
        action: "operator.audit.recovered",
        target: null,
        details: {},
        requestId: null,
      },
    );
  }

  it("writes to the successor", async () => {
    const org = await makeOrg();
    await freeze(org);
    await recoverElsewhere(org);
    const [receipt] = await appendEvents(org, [EVENT]);
    expect(await ledgerOf(logOf(org, 2)).entry(receipt!.seq)).toMatchObject({
      hash: receipt?.hash,
    });
  });

  it("exports one log or the other, and its entry says which", async () => {
    const org = await makeOrg();
    await freeze(org);
    await recoverElsewhere(org);
    const lines = await exportedLines(org);
    forgetOrg(org);
    const [entry] = await auditEntries(org, "?log=2&action=operator.audit.exported");
    const log = Number(entry?.event.details?.["log"]);
    const first = log === 1 ? "operator.org.created" : "ledger.succeeded";
    expect(parseLine(lines[0]!)["action"]).toBe(first);
    expect(entry?.event.details).toMatchObject({ from_seq: "0", to_seq: String(lines.length) });
  });

  it("recovers the log that is frozen now", async () => {
    const org = await makeOrg();
    await freeze(org);
    await recoverElsewhere(org);
    await ledgerOf(logOf(org, 2)).freeze(logOf(org, 2), "because");
    const status = await (await requireStatus(200, recover(org))).json();
    expect(status).toMatchObject({ log: 3, frozen: false });
  });
});
