import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { encodeBase64 } from "#formats/base64.ts";
import { parseCheckpoint } from "#formats/tlog/checkpoint.ts";
import { parseNote } from "#formats/tlog/signed-note.ts";
import { getJson, refusal, requireStatus } from "../../harness/answers.ts";
import { metricSum, scrape } from "../../harness/calls.ts";
import { call } from "../../harness/deployment.ts";
import { makeOrg } from "../../harness/orgs.ts";
import {
  appendEvents,
  auditEntries,
  auditText,
  EVENT,
  exportedLines,
  getAudit,
  parseLine,
  postEvents,
  signHead,
  statusOf,
} from "../audit-client.ts";
import { changeEntry, doctor, FORGED_ACTOR } from "../ledger/doctored.ts";
import { runAlarms, runScrub } from "../ledger/run-pruning.ts";

// That a log froze, and a stream that broke off, is logged.
beforeEach(() => vi.spyOn(console, "error").mockReturnValue());
afterEach(() => vi.restoreAllMocks());

const logOf = (org: string) => ({ org, log: 1, shard: "SHARD_0" });
const REASON = "entry 5 does not hash to what was recorded";

/** Nine entries, signed, of which entry 5 says something else since. */
async function doctoredOrg(): Promise<{ org: string; note: string }> {
  const org = await makeOrg();
  await appendEvents(
    org,
    Array.from({ length: 8 }, () => EVENT),
  );
  const note = await signHead(org);
  await doctor(logOf(org), (sql) => changeEntry(sql, 5, "body"));
  return { org, note };
}

/** What is left of a body that breaks off. */
async function received(response: Response): Promise<string> {
  try {
    return await response.text();
  } catch {
    return "";
  }
}

describe("A body that was changed in the ledger", () => {
  it.each([
    "/5",
    "/5/proof",
    "/log/tile/entries/000.p/9",
    "?actor=user:alice@acme&from_seq=5&order=asc",
  ])(
    "is not in the answer of GET /audit%s, which is a problem that names the entry",
    async (path) => {
      const { org } = await doctoredOrg();
      const response = await getAudit(org, path);
      expect(response.status).toBe(500);
      const problem = await response.json();
      expect(problem).toMatchObject({ code: "log_contradicted" });
      expect((problem as { detail: string }).detail).toContain(REASON);
      expect(JSON.stringify(problem)).not.toContain(FORGED_ACTOR);
    },
  );

  it("is found by no search for what it was changed into", async () => {
    const { org } = await doctoredOrg();
    expect(await auditEntries(org, `?actor=${FORGED_ACTOR}`)).toEqual([]);
  });

  it("ends the page of GET /audit before it, with a cursor to the problem that names it", async () => {
    const { org } = await doctoredOrg();
    const list = await getJson<{ events: { seq: number }[]; next_cursor: string }>(
      `/v1/orgs/${org}/audit`,
    );
    expect(list.events.map(({ seq }) => seq)).toEqual([8, 7, 6]);
    expect(await statusOf(org)).toMatchObject({ frozen: true, frozen_reason: REASON });
    const next = await getAudit(org, `?cursor=${encodeURIComponent(list.next_cursor)}`);
    expect(next.status).toBe(500);
    const problem = (await next.json()) as { code: string; detail: string };
    expect(problem.code).toBe("log_contradicted");
    expect(problem.detail).toContain(REASON);
  });

  it("is in no export and no pack: what comes before it arrives, and then the answer breaks off", async () => {
    const { org } = await doctoredOrg();
    for (const query of ["/export", "/export?format=pack"]) {
      const text = await received(await getAudit(org, query));
      expect(text).not.toContain(FORGED_ACTOR);
    }
    expect(await statusOf(org)).toMatchObject({ frozen: true, frozen_reason: REASON });
    expect(await exportedLines(org, "?from_seq=6")).toHaveLength(4);
  });

  it("freezes the log for those who append, sign and scrape, and in its status", async () => {
    const { org } = await doctoredOrg();
    await getAudit(org, "/5");
    expect(await refusal(postEvents(org, [EVENT]))).toEqual([503, "ledger_frozen"]);
    const signing = call("POST", `/v1/orgs/${org}/audit/checkpoint`);
    expect(await refusal(signing)).toEqual([503, "ledger_frozen"]);
    await runAlarms(logOf(org));
    expect(metricSum(await scrape(org), "mcpg_audit_frozen", `org="${org}"`)).toBe(1);
    expect(await statusOf(org)).toMatchObject({ frozen: true, frozen_reason: REASON });
  });

  it("is found by the scrubber though nobody reads it, and one command recovers the log", async () => {
    const { org, note } = await doctoredOrg();
    await runScrub(logOf(org));
    expect(await statusOf(org)).toMatchObject({ frozen: true, frozen_reason: REASON });
    expect(metricSum(await scrape(org), "mcpg_audit_frozen", `org="${org}"`)).toBe(1);
    const body = { reason: "The database was altered." };
    await requireStatus(200, call("POST", `/v1/orgs/${org}/audit/recover`, { body }));
    const { size, root } = parseCheckpoint(parseNote(note)?.text ?? "")!;
    expect(parseLine((await exportedLines(org))[0]!)).toMatchObject({
      action: "ledger.succeeded",
      details: { size: String(size), root: encodeBase64(root), frozen_because: REASON },
    });
    await appendEvents(org, [EVENT]);
    await signHead(org);
    expect(await refusal(getAudit(org, "/5?log=1"))).toEqual([500, "log_contradicted"]);
    expect(await auditText(org, "/4?log=1")).toContain("user:alice@acme");
    expect(await auditText(org, "/8/proof?log=1")).toContain(note);
    expect(await auditText(org, "/log/checkpoint")).toBe(note);
    expect((await auditEntries(org, "?log=2")).length).toBeGreaterThan(1);
  });
});

describe("GET /audit/status", () => {
  it("tells the scrubber's last full pass, and the metrics when that was", async () => {
    const org = await makeOrg();
    await appendEvents(org, [EVENT, EVENT]);
    await signHead(org);
    expect((await statusOf(org)).scrub.last_full_pass).toBeNull();
    expect(await scrape(org)).not.toContain("mcpg_audit_scrub_timestamp_seconds{");
    const from = Date.now();
    await runScrub(logOf(org));
    const { scrub } = await statusOf(org);
    expect(scrub).toMatchObject({ last_full_pass: { size: 3 }, pass_under_way: null });
    const at = Date.parse(scrub.last_full_pass?.completed_at ?? "");
    expect(at).toBeGreaterThanOrEqual(from);
    expect(Date.parse(scrub.next_pass_at ?? "") - from).toBeLessThanOrEqual(86_400_000 + 60_000);
    const seconds = metricSum(
      await scrape(org),
      "mcpg_audit_scrub_timestamp_seconds",
      `org="${org}"`,
    );
    expect(seconds).toBe(at / 1_000);
  });
});
