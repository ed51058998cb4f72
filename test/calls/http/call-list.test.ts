import { describe, expect, it } from "vitest";
import { getJson, refusal } from "../../harness/answers.ts";
import { ingest, makeSample, type SampleFields } from "../../harness/calls.ts";
import { call } from "../../harness/deployment.ts";
import { newId } from "../../harness/new-id.ts";
import { makeOrg } from "../../harness/orgs.ts";

interface CallList {
  invocations: { id: string }[];
  next_cursor: string | null;
  scanned_to: string | null;
}

async function idsOf(org: string, query: string): Promise<string[]> {
  const { invocations } = await getJson<CallList>(`/v1/orgs/${org}/invocations?${query}`);
  return invocations.map(({ id }) => id);
}

describe("GET /invocations", () => {
  it.each<[string, SampleFields]>([
    ["request_id=r-1", { request_id: "r-1" }],
    ["session_id=s%201", { session_id: "s 1" }],
    ["error_code=-32602", { outcome: "client_error", error_code: "-32602" }],
    [`error_hash=${"AB".repeat(32)}`, { outcome: "server_error", error_hash: "ab".repeat(32) }],
    ["actor=%3Cscript%3E", { actor: "<script>" }],
  ])("finds calls by %s, and none other", async (query, fields) => {
    const org = await makeOrg();
    const sample = makeSample(fields);
    await ingest(org, [sample, makeSample()]);
    expect(await idsOf(org, query)).toEqual([sample["id"]]);
  });

  it.each([
    "actor",
    "trace_id",
    "request_id",
    "session_id",
    "error_code",
    "error_hash",
    "error_fingerprint",
  ])("takes an empty %s for calls without one", async (name) => {
    const org = await makeOrg();
    const [without, other] = [makeSample(), makeSample({ outcome: "server_error" })];
    Object.assign(other, { trace_id: "a".repeat(32), span_id: "b".repeat(16), error_message: "m" });
    for (const field of ["actor", "request_id", "session_id", "error_code"]) other[field] = "x";
    await ingest(org, [without, other]);
    expect(await idsOf(org, `${name}=`)).toEqual([without["id"]]);
  });

  it("lists the oldest first where it is asked to, page after page", async () => {
    const org = await makeOrg();
    const nowMs = Date.now();
    const samples = Array.from({ length: 5 }, (_, at) => makeSample({ started_at: nowMs - at }));
    await ingest(org, samples);
    const first = await getJson<CallList>(`/v1/orgs/${org}/invocations?order=asc&limit=3`);
    const cursor = `order=asc&cursor=${first.next_cursor}`;
    const last = await getJson<CallList>(`/v1/orgs/${org}/invocations?${cursor}`);
    const ids = [...first.invocations, ...last.invocations].map(({ id }) => id);
    expect(ids).toEqual(samples.map(({ id }) => id).reverse());
    expect([first.scanned_to, last.scanned_to]).toEqual([new Date(nowMs - 1).toISOString(), null]);
    const other = call("GET", `/v1/orgs/${org}/invocations?cursor=${first.next_cursor}`);
    expect(await refusal(other)).toEqual([400, "invalid_request"]);
  });

  it("tells how far it got: what began since is in the pages so far", async () => {
    const org = await makeOrg();
    const nowMs = Date.now() - 60_000;
    const skewed = makeSample({ started_at: nowMs - 1_000, id: newId(nowMs - 31_000) });
    await ingest(org, [
      makeSample({ started_at: nowMs }),
      makeSample({ started_at: nowMs - 5_000 }),
      skewed,
    ]);
    const { scanned_to } = await getJson<CallList>(`/v1/orgs/${org}/invocations?limit=1`);
    expect(Date.parse(String(scanned_to))).toBeGreaterThan(nowMs - 1_000);
    const two = await getJson<CallList>(`/v1/orgs/${org}/invocations?limit=2`);
    expect(Date.parse(String(two.scanned_to))).toBeGreaterThan(nowMs - 1_000);
  });

  it.each(["order=up", "order=asc&cursor=x", "error_hash=a&error_hash=b"])(
    "refuses %s",
    async (query) => {
      const org = await makeOrg();
      const answer = call("GET", `/v1/orgs/${org}/invocations?${query}`);
      expect(await refusal(answer)).toEqual([400, "invalid_request"]);
    },
  );
});
