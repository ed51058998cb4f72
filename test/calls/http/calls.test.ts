import { describe, expect, it } from "vitest";
import { isRejection, parseSample } from "#calls/call.ts";
import { getJson } from "../../harness/answers.ts";
import { ingest, makeSample, postCalls, type SampleFields } from "../../harness/calls.ts";
import { call } from "../../harness/deployment.ts";
import { newId } from "../../harness/new-id.ts";
import { makeOrg } from "../../harness/orgs.ts";

const HOUR_MS = 3_600_000;
/** A resend in flight across a deployment derives it again: changing it counts such calls twice. */
const DERIVED_ID = "01a20244-e800-7704-a8a6-f696de2b08c0";

async function rejectionOf(fields: SampleFields): Promise<string | undefined> {
  const answer = await ingest(await makeOrg(), [makeSample(fields)]);
  expect(answer.accepted).toBe(answer.rejected.length === 0 ? 1 : 0);
  return answer.rejected[0]?.code;
}

interface InvocationList {
  invocations: Record<string, unknown>[];
  next_cursor: string | null;
}

describe("POST /invocations", () => {
  it("rejects a bad sample by its index and takes its neighbours", async () => {
    const org = await makeOrg();
    const answer = await ingest(org, [
      makeSample(),
      makeSample({ duration_ms: -1 }),
      makeSample({ tool: undefined }),
      5,
      makeSample(),
    ]);
    expect(answer.accepted).toBe(2);
    expect(answer.rejected.map(({ index, code }) => [index, code])).toEqual([
      [1, "invalid_duration"],
      [2, "missing_field"],
      [3, "invalid_sample"],
    ]);
  });

  it.each([
    ["invalid_duration", { duration_ms: 86_400_001 }],
    ["invalid_duration", { duration_ms: "12" }],
    ["invalid_workspace", { workspace: "" }],
    ["invalid_plugin", { plugin: "p".repeat(129) }],
    ["invalid_tool", { tool: "a\0b" }],
    ["invalid_tool", { tool: "\ud800" }],
    ["invalid_outcome", { outcome: "fine" }],
    ["invalid_started_at", { started_at: "2026-02-30T00:00:00Z", id: null }],
    ["too_old", { started_at: Date.now() - 24 * HOUR_MS - 5_000 }],
    ["too_new", { started_at: Date.now() + 6 * 60_000 }],
    ["id_time_mismatch", { id: newId(Date.now() - 2 * HOUR_MS) }],
    ["invalid_id", { id: crypto.randomUUID() }],
    ["invalid_trace_id", { trace_id: "0".repeat(32) }],
    ["invalid_trace_id", { trace_id: "xyz" }],
    ["invalid_span_id", { span_id: "0".repeat(16) }],
    ["invalid_error_hash", { error_hash: "abc" }],
    ["invalid_request_bytes", { request_bytes: 1.5 }],
    ["invalid_actor", { actor: "a".repeat(257) }],
    ["invalid_error_message", { error_message: "m".repeat(8_193) }],
    ["unknown_field", { colour: "blue" }],
  ])("refuses a sample as %s: %j", async (code, fields) => {
    expect(await rejectionOf(fields)).toBe(code);
  });

  it.each([
    { tool: "\u{1F600}".repeat(128) },
    { tool: 'quote " back \\ newline \n return \r' },
    { duration_ms: 0 },
    { duration_ms: 86_400_000 },
    { started_at: Date.now() - 24 * HOUR_MS + 60_000 },
    { started_at: Date.now() + 4 * 60_000 },
    { id: newId(Date.now()).toUpperCase() },
    { error_message: "m".repeat(8_192) },
    { request_payload: { any: ["thing"] }, response_payload: null },
    { trace_id: "A".repeat(32), span_id: "B".repeat(16) },
  ])("takes a sample at the limit: %j", async (fields) => {
    expect(await rejectionOf(fields)).toBeUndefined();
  });

  it("changes no figure when the same request is resent, concurrently too", async () => {
    const org = await makeOrg();
    const samples = [makeSample(), makeSample({ id: null, tool: "derived" })];
    const fields = { epoch: "2026-11-22T07:00:00Z", seq: 3 };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => ingest(org, samples, fields)),
    );
    const accepted = answers.reduce((sum, answer) => sum + answer.accepted, 0);
    expect(accepted).toBe(2);
    for (const answer of answers) expect(answer.accepted + answer.duplicates).toBe(2);
    const { invocations } = await getJson<InvocationList>(`/v1/orgs/${org}/invocations`);
    expect(invocations).toHaveLength(2);
  });

  it("tells two equal samples apart by their place in a named report, and merges them in a nameless one", async () => {
    const org = await makeOrg();
    const sample = makeSample({ id: undefined, started_at: "2026-11-22T00:00:00Z" });
    sample["started_at"] = new Date(Date.now() - 1_000).toISOString();
    expect(await ingest(org, [sample, sample], { batch_id: "b1" })).toMatchObject({ accepted: 2 });
    expect(await ingest(org, [sample, sample], { batch_id: "b1" })).toMatchObject({
      duplicates: 2,
    });
    expect(await ingest(org, [sample, sample], { batch_id: "b2" })).toMatchObject({ accepted: 2 });
    expect(await ingest(org, [sample, sample])).toMatchObject({ accepted: 1, duplicates: 1 });
  });

  it("derives an id from what was sent alone", () => {
    const context = {
      instance: "gw-1",
      epochMs: 1_795_330_800_000,
      seq: 17,
      batchId: null,
      receivedAtMs: 1_795_334_500_000,
      knownErrors: new Map(),
    };
    const sent = {
      workspace: "prod",
      plugin: "github",
      tool: "list_repos",
      started_at: 1_795_334_400_000,
      duration_ms: 84.2,
      outcome: "server_error",
      error_message: "boom 17",
    };
    const ids = [1, 2].map((key) => {
      const fingerprintKey = new Uint8Array(32).fill(key);
      const parsed = parseSample(sent, 3, { ...context, fingerprintKey });
      return isRejection(parsed) ? parsed.message : parsed.id;
    });
    expect(ids).toEqual([DERIVED_ID, DERIVED_ID]);
  });

  it("keeps the first of two samples with one id", async () => {
    const org = await makeOrg();
    const id = newId();
    await ingest(org, [makeSample({ id, tool: "first" })]);
    expect(await ingest(org, [makeSample({ id, tool: "second" })])).toMatchObject({
      duplicates: 1,
    });
    const invocation = await getJson<{ tool: string }>(`/v1/orgs/${org}/invocations/${id}`);
    expect(invocation.tool).toBe("first");
  });

  it("stores no error message, only its hash and a fingerprint that groups alike messages", async () => {
    const org = await makeOrg();
    const secret = "password hunter2 refused for user 4711";
    const alike = "password hunter2 refused for user 4712";
    await ingest(org, [
      makeSample({ outcome: "server_error", error_message: secret }),
      makeSample({ outcome: "server_error", error_message: alike }),
    ]);
    const text = await (await call("GET", `/v1/orgs/${org}/invocations`)).text();
    expect(text).not.toContain("hunter2");
    const { invocations } = JSON.parse(text) as InvocationList;
    expect(new Set(invocations.map((row) => row["error_fingerprint"])).size).toBe(1);
    expect(new Set(invocations.map((row) => row["error_hash"])).size).toBe(2);
    const fingerprint = invocations[0]?.["error_fingerprint"];
    const found = await getJson<InvocationList>(
      `/v1/orgs/${org}/invocations?error_fingerprint=${fingerprint}`,
    );
    expect(found.invocations).toHaveLength(2);
  });

  it("loses no call for its message: a lone surrogate counts as U+FFFD, and NUL is a character", async () => {
    const org = await makeOrg();
    const messages = ["cut \ud83d", "cut \ufffd", "a\0b", "a"];
    const samples = messages.map((error_message) =>
      makeSample({ outcome: "server_error", error_message }),
    );
    expect(await ingest(org, samples)).toMatchObject({ accepted: 4, rejected: [] });
    const { invocations } = await getJson<InvocationList>(`/v1/orgs/${org}/invocations`);
    const hashOf = new Map(invocations.map((row) => [row["id"], row["error_hash"]]));
    const hashes = samples.map(({ id }) => hashOf.get(id));
    expect(hashes[0]).toBe(hashes[1]);
    expect(new Set(hashes).size).toBe(3);
  });

  it("refuses more than 1,000 samples, and takes 1,000", async () => {
    const org = await makeOrg();
    const samples = Array.from({ length: 1_001 }, () => makeSample());
    expect((await postCalls(org, samples)).status).toBe(400);
    expect(await ingest(org, samples.slice(1))).toMatchObject({ accepted: 1_000 });
  });

  it("takes an empty report as a heartbeat", async () => {
    const org = await makeOrg();
    expect(await ingest(org, [])).toEqual({ accepted: 0, duplicates: 0, rejected: [] });
    const { instances } = await getJson<{ instances: unknown[] }>(`/v1/orgs/${org}/instances`);
    expect(instances).toMatchObject([{ id: "gw-1", state: "online" }]);
  });

  it("takes gzip, and answers each damaged body with a problem and stores nothing", async () => {
    const org = await makeOrg();
    const body = JSON.stringify({ instance_id: "gw-1", invocations: [makeSample()] });
    const gzip = new Response(body).body?.pipeThrough(new CompressionStream("gzip"));
    const bytes = new Uint8Array(await new Response(gzip).arrayBuffer());
    const post = (sent: Uint8Array | string, headers: Record<string, string>) =>
      call("POST", `/v1/orgs/${org}/invocations`, { body: sent, headers });
    const encoded = { "content-encoding": "gzip" };
    expect((await post(bytes.slice(0, -9), encoded)).status).toBe(400);
    expect((await post(body, encoded)).status).toBe(400);
    expect((await post(body, { "content-encoding": "br" })).status).toBe(415);
    expect((await post(body, { "content-type": "application/json; charset=utf-16" })).status).toBe(
      415,
    );
    expect((await post("{", {})).status).toBe(400);
    expect((await post(`${"[".repeat(100_000)}`, {})).status).toBe(400);
    expect((await post(`"${"x".repeat(5 * 1024 * 1024)}"`, {})).status).toBe(413);
    const list = await getJson<InvocationList>(`/v1/orgs/${org}/invocations`);
    expect(list.invocations).toHaveLength(0);
    expect((await post(bytes, encoded)).status).toBe(200);
  });
});

describe("GET /invocations", () => {
  it.each([97, 98, 160, 1_000])("takes a list of %i outcomes, repeats included", async (length) => {
    const org = await makeOrg();
    await ingest(org, [makeSample(), makeSample({ outcome: "server_error" })]);
    const outcomes = Array.from({ length }, (_, at) => (at % 2 === 0 ? "ok" : "server_error"));
    const answer = await call("GET", `/v1/orgs/${org}/invocations?outcome=${outcomes.join()}`);
    expect(answer.status).toBe(200);
    expect(((await answer.json()) as { invocations: unknown[] }).invocations).toHaveLength(2);
  });

  it("pages newest first, each sample once, while others are inserted", async () => {
    const org = await makeOrg();
    const nowMs = Date.now();
    const ids = Array.from({ length: 25 }, (_, index) => newId(nowMs - index * 1_000));
    await ingest(
      org,
      ids.map((id, index) => makeSample({ id, started_at: nowMs - index * 1_000 })),
    );
    const seen: unknown[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query = cursor === "" ? "" : `&cursor=${cursor}`;
      const page: InvocationList = await getJson(`/v1/orgs/${org}/invocations?limit=10${query}`);
      seen.push(...page.invocations.map((row) => row["id"]));
      cursor = page.next_cursor;
      await ingest(org, [makeSample()]);
    }
    expect(seen).toEqual(ids);
  });

  it.each([
    ["plugin=p1", 1],
    ["tool=list_repos", 3],
    ["workspace=dev", 1],
    ["outcome=server_error,client_error", 2],
    ["instance=gw-1", 3],
    ["instance=gw-2", 0],
    ["actor=user:alice", 1],
    ["trace_id=0AF7651916CD43DD8448EB211C80319C", 1],
    ["min_duration_ms=100", 1],
    ["max_duration_ms=84.2", 2],
    ["from=2020-01-01T00:00:00Z", 3],
    ["to=2020-01-01T00:00:00Z", 0],
  ])("filters by %s", async (query, expected) => {
    const org = await makeOrg();
    await ingest(org, [
      makeSample({ plugin: "p1", actor: "user:alice" }),
      makeSample({ workspace: "dev", outcome: "server_error", duration_ms: 100 }),
      makeSample({ outcome: "client_error", trace_id: "0af7651916cd43dd8448eb211c80319c" }),
    ]);
    const list = await getJson<InvocationList>(`/v1/orgs/${org}/invocations?${query}`);
    expect(list.invocations).toHaveLength(expected);
  });

  it.each([
    "limit=0",
    "limit=1001",
    "cursor=x",
    "from=yesterday",
    "outcome=fine",
    "colour=blue",
    "min_duration_ms=-1",
  ])("refuses %s with 400", async (query) => {
    expect((await call("GET", `/v1/orgs/${await makeOrg()}/invocations?${query}`)).status).toBe(
      400,
    );
  });

  it("answers what a sample was sent with, and its lag", async () => {
    const org = await makeOrg();
    const startedAt = Date.now() - 60_000;
    const id = newId(startedAt);
    await ingest(org, [
      makeSample({ id, started_at: startedAt, duration_ms: 1_000.25, request_bytes: 7 }),
    ]);
    const row = await getJson<Record<string, unknown>>(`/v1/orgs/${org}/invocations/${id}`);
    expect(row).toMatchObject({
      id,
      instance_id: "gw-1",
      started_at: new Date(startedAt).toISOString(),
      duration_ms: 1_000.25,
      request_bytes: 7,
      response_bytes: null,
      has_payload: false,
    });
    expect(row["lag_ms"]).toBe(Date.parse(String(row["ingested_at"])) - startedAt - 1_000.25);
  });

  it("shows one org nothing of another", async () => {
    const [mine, other] = [await makeOrg(), await makeOrg()];
    const id = newId();
    await ingest(other, [makeSample({ id })]);
    expect((await call("GET", `/v1/orgs/${mine}/invocations/${id}`)).status).toBe(404);
    const list = await getJson<InvocationList>(`/v1/orgs/${mine}/invocations`);
    expect(list.invocations).toHaveLength(0);
  });
});
