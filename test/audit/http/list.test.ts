import { describe, expect, it } from "vitest";
import { problemOf, requireStatus } from "../../harness/answers.ts";
import { call } from "../../harness/deployment.ts";
import { newId } from "../../harness/new-id.ts";
import { makeOrg } from "../../harness/orgs.ts";
import { type AuditEntry, appendEvents, auditEntries, EVENT, getAudit } from "../audit-client.ts";

const HOUR_MS = 3_600_000;

interface Page {
  events: AuditEntry[];
  next_cursor: string | null;
}

async function pageOf(org: string, query: string): Promise<Page> {
  return (await requireStatus(200, getAudit(org, query))).json();
}

async function seqsOf(org: string, query: string): Promise<number[]> {
  return (await auditEntries(org, query)).map(({ seq }) => seq);
}

/** In the order of the pages. */
async function seqsOfPages(
  org: string,
  limit: number,
  between: () => Promise<void>,
  asked = "",
): Promise<number[]> {
  const seqs: number[] = [];
  let page = await pageOf(org, `?limit=${limit}${asked}`);
  for (;;) {
    expect(page.events.length).toBeLessThanOrEqual(limit);
    seqs.push(...page.events.map(({ seq }) => seq));
    if (page.next_cursor === null) return seqs;
    await between();
    page = await pageOf(org, `?limit=${limit}&cursor=${page.next_cursor}${asked}`);
  }
}

describe("GET /audit", () => {
  it("lists entries newest first, as they were hashed", async () => {
    const org = await makeOrg();
    const receipts = await appendEvents(org, [
      EVENT,
      { ...EVENT, details: { "b.c": "x", a: null } },
    ]);
    const entries = await auditEntries(org);
    expect(entries.map(({ seq }) => seq)).toEqual([2, 1, 0]);
    expect(entries[0]).toMatchObject(receipts[1]!.hash ? { hash: receipts[1]?.hash } : {});
    expect(entries[0]?.event.details).toEqual({ a: null, "b.c": "x" });
    expect(entries[0]?.previous_hash).toBe(entries[1]?.hash);
  });

  it("filters by each field, and by all of them at once", async () => {
    const org = await makeOrg();
    const trace = "ab".repeat(16);
    const invocation = newId();
    await appendEvents(org, [
      { ...EVENT, action: "tool.call.denied", outcome: "denied", invocation_id: invocation },
      { ...EVENT, actor: "user:René", request_id: "r-1", trace_id: trace },
      { ...EVENT, action: "tool_x", outcome: "error", target: "tool://a/é", workspace: "prod" },
    ]);
    await appendEvents(org, [EVENT], { instance: "gw-2" });
    const asked: [string, number[]][] = [
      ["?action=tool.call.denied", [1]],
      ["?action_prefix=tool.", [4, 2, 1]],
      ["?action_prefix=tool", [4, 3, 2, 1]],
      ["?action_prefix=operator.", [0]],
      ["?outcome=allowed", [4, 2, 0]],
      ["?outcome=denied", [1]],
      ["?outcome=deferred", []],
      ["?instance=gw-2", [4]],
      ["?request_id=r-1", [2]],
      [`?trace_id=${trace.toUpperCase()}`, [2]],
      [`?actor=${encodeURIComponent("user:Rene\u0301")}`, [2]],
      [`?actor=user:Ren%C3%A9&outcome=allowed&action_prefix=tool.&trace_id=${trace}`, [2]],
      [`?invocation_id=${invocation.toUpperCase()}`, [1]],
      [`?invocation_id=${newId()}`, []],
      [`?target=${encodeURIComponent("tool://a/e\u0301")}`, [3]],
      ["?target=tool://a", []],
      ["?workspace=prod", [3]],
      ["?workspace=prod&outcome=allowed", []],
      ["?from_seq=3", [4, 3]],
      ["?from_seq=5", []],
      ["?order=asc", [0, 1, 2, 3, 4]],
      ["?order=asc&from_seq=2&limit=2", [2, 3]],
      ["?order=desc&from_seq=2&limit=2", [4, 3]],
      ["?actor=user:nobody", []],
      ["?action_prefix=tool.&outcome=error", []],
    ];
    for (const [query, seqs] of asked)
      expect([query, await seqsOf(org, query)]).toEqual([query, seqs]);
  });

  it("takes the characters of a prefix for themselves, wildcards or not", async () => {
    const org = await makeOrg();
    await appendEvents(org, [EVENT, { ...EVENT, action: "tool_x" }]);
    for (const prefix of [
      "%",
      "tool%",
      "*",
      "tool*",
      "t??l",
      "[t]ool",
      "_",
      "TOOL",
      "'",
      "\u{10ffff}",
    ]) {
      expect(await seqsOf(org, `?action_prefix=${encodeURIComponent(prefix)}`)).toEqual([]);
    }
    expect(await seqsOf(org, "?action_prefix=tool_")).toEqual([2]);
  });

  it("filters by when an event occurred, else by when it was recorded", async () => {
    const org = await makeOrg();
    const nowMs = Date.now();
    await appendEvents(org, [
      { ...EVENT, occurred_at: nowMs - 100 * HOUR_MS },
      { ...EVENT, occurred_at: nowMs + 5 * HOUR_MS },
      EVENT,
    ]);
    const at = (hours: number) => new Date(nowMs + hours * HOUR_MS).toISOString();
    expect(await seqsOf(org, `?to=${at(-1)}`)).toEqual([1]);
    expect(await seqsOf(org, `?from=${at(1)}`)).toEqual([2]);
    expect(await seqsOf(org, `?from=${nowMs - HOUR_MS}&to=${nowMs + HOUR_MS}`)).toEqual([3, 0]);
    expect(await seqsOf(org, `?from=${at(-100)}&to=${at(-100)}`)).toEqual([]);
    expect(await seqsOf(org, `?to=${at(-48).slice(0, 10)}`)).toEqual([1]);
    expect(await seqsOf(org, `?from=${at(-48).slice(0, 10)}`)).toEqual([3, 2, 0]);
    expect(await seqsOf(org, `?from=${at(-100)}&to=${at(-99)}`)).toEqual([1]);
  });

  it("gives each entry once, whatever the page length, while others append", async () => {
    const org = await makeOrg();
    await appendEvents(
      org,
      Array.from({ length: 9 }, () => EVENT),
    );
    for (const limit of [1, 2, 3, 10]) {
      const there = await seqsOf(org, "?limit=1000");
      let pages = 0;
      const between = async () => {
        pages += 1;
        if (pages === 1) await appendEvents(org, [EVENT]);
      };
      expect(await seqsOfPages(org, limit, between)).toEqual(there);
    }
  });

  it("gives each entry once oldest first, too, and takes no cursor of the other order", async () => {
    const org = await makeOrg();
    await appendEvents(
      org,
      Array.from({ length: 9 }, () => EVENT),
    );
    const there = (await seqsOf(org, "?limit=1000")).reverse();
    for (const limit of [1, 4, 9]) {
      const seqs = await seqsOfPages(org, limit, async () => {}, "&order=asc");
      expect(seqs).toEqual(there);
    }
    for (const [given, asked] of [
      ["asc", "desc"],
      ["desc", "asc"],
    ]) {
      const { next_cursor: cursor } = await pageOf(org, `?limit=2&order=${given}`);
      const answer = await problemOf(getAudit(org, `?order=${asked}&cursor=${cursor}`));
      expect([answer.status, answer.errors?.[0]?.pointer]).toEqual([400, "/cursor"]);
    }
  });

  it.each([
    ["outcome=ok", "/outcome"],
    ["order=newest", "/order"],
    ["from_seq=-1", "/from_seq"],
    ["from_seq=1.5", "/from_seq"],
    [`target=${"a".repeat(3_073)}`, "/target"],
    ["outcome=", "/outcome"],
    ["from=yesterday", "/from"],
    ["to=2026-02-30T00:00:00Z", "/to"],
    ["to=2026-02-30", "/to"],
    ["limit=0", "/limit"],
    ["limit=1001", "/limit"],
    ["limit=ten", "/limit"],
    ["cursor=x", "/cursor"],
    [`cursor=${btoa('["invocations",1,2]').replaceAll("=", "")}`, "/cursor"],
    ["actor=a&actor=b", "/actor"],
    ["aktor=a", "/aktor"],
    [`action=${"a".repeat(769)}`, "/action"],
    ["log=one", "/log"],
    ["log=-1", "/log"],
  ])("refuses ?%s", async (query, pointer) => {
    const org = await makeOrg();
    const answer = await problemOf(getAudit(org, `?${query}`));
    expect([answer.status, answer.code, answer.errors?.[0]?.pointer]).toEqual([
      400,
      "invalid_request",
      pointer,
    ]);
  });

  it("finds an entry by its number, and nothing by what is no number", async () => {
    const org = await makeOrg();
    const [receipt] = await appendEvents(org, [EVENT]);
    const entry = await (await getAudit(org, "/1")).json();
    expect(entry).toMatchObject({ seq: 1, hash: receipt?.hash, event: EVENT });
    for (const seq of [
      "2",
      "-1",
      "01",
      "1.0",
      "1e0",
      "x",
      "9007199254740992",
      "99999999999999999",
    ]) {
      expect([seq, (await getAudit(org, `/${seq}`)).status]).toEqual([seq, 404]);
      expect([seq, (await getAudit(org, `/${seq}/proof`)).status]).toEqual([seq, 404]);
    }
    expect((await call("GET", `/v1/orgs/${org}/audit/1?x=1`)).status).toBe(400);
  });
});
