import { describe, expect, it } from "vitest";
import { getJson, problemOf } from "../../harness/answers.ts";
import { ingest, makeSample, postCalls, scrape } from "../../harness/calls.ts";
import { call, workerEnv } from "../../harness/deployment.ts";
import { createToken, makeOrg } from "../../harness/orgs.ts";
import { callSpan, countedCalls, otherSpan, partialSuccess } from "./otlp.ts";

async function putStreams(org: string, body: object): Promise<void> {
  const response = await call("PUT", `/v1/orgs/${org}/observability`, { body });
  if (response.status !== 200) throw new Error(await response.text());
}

const rowsOf = (org: string, table: string) =>
  workerEnv.SHARD_0.prepare(`SELECT count(*) AS n FROM ${table} WHERE org = ?1`)
    .bind(org)
    .first<number>("n");

describe("a disabled metrics stream", () => {
  const metrics = { enabled: false };

  it("refuses each sample by name and keeps none, nor that its instance reported", async () => {
    const org = await makeOrg();
    await putStreams(org, { metrics });
    const answer = await ingest(org, [makeSample(), makeSample(), { nonsense: true }]);
    expect(answer).toMatchObject({ accepted: 0, duplicates: 0 });
    expect(answer.rejected.map(({ index, code }) => [index, code])).toEqual([
      [0, "stream_disabled"],
      [1, "stream_disabled"],
      [2, "stream_disabled"],
    ]);
    expect((await postCalls(org, [], { epoch: "never" })).status).toBe(200);
    expect(await rowsOf(org, "tool_invocations")).toBe(0);
    expect(await rowsOf(org, "arrivals")).toBe(0);
    expect(await scrape(org)).not.toContain("mcpg_instance_last_report_timestamp_seconds{");
  });

  it("refuses tool calls that come as spans, and no other span", async () => {
    const org = await makeOrg();
    await putStreams(org, { metrics });
    const span = callSpan();
    const answer = await partialSuccess(org, [span, otherSpan(span)]);
    expect(answer?.rejectedSpans).toBe("1");
    expect(answer?.errorMessage).toContain("stream_disabled");
    expect(await partialSuccess(org, [otherSpan(span)])).toBeNull();
    expect(await rowsOf(org, "tool_invocations")).toBe(0);
    expect(await countedCalls(org)).toBe(0);
  });

  it("counts again once it is enabled", async () => {
    const org = await makeOrg();
    await putStreams(org, { metrics });
    const span = callSpan();
    await partialSuccess(org, [span]);
    await putStreams(org, {});
    expect(await partialSuccess(org, [span])).toBeNull();
    expect(await countedCalls(org)).toBe(1);
  });
});

describe("a disabled traces stream", () => {
  it("keeps no spans, and counts calls all the same", async () => {
    const org = await makeOrg();
    await putStreams(org, { traces: { enabled: false } });
    const span = callSpan();
    expect(await partialSuccess(org, [span, otherSpan(span)])).toBeNull();
    expect(await countedCalls(org)).toBe(1);
    expect(await rowsOf(org, "spans")).toBe(0);
    await putStreams(org, {});
    await partialSuccess(org, [otherSpan(span)]);
    expect(await rowsOf(org, "spans")).toBe(1);
  });
});

describe("span_mapping", () => {
  const path = (org: string) => `/v1/orgs/${org}`;
  const patch = (org: string, span_mapping: unknown, token?: string) =>
    call("PATCH", path(org), { body: { span_mapping }, ...(token !== undefined && { token }) });
  const mappingOf = async (org: string) =>
    (await getJson<{ span_mapping: object }>(path(org))).span_mapping;

  it("is the org's own to set, part by part, and null takes a part back", async () => {
    const org = await makeOrg();
    expect(await mappingOf(org)).toEqual({});
    const { token } = await createToken(org, ["org:admin"]);
    expect((await patch(org, { plugin: ["a.b"], actor: ["x", "y"] }, token)).status).toBe(200);
    expect(await mappingOf(org)).toEqual({ plugin: ["a.b"], actor: ["x", "y"] });
    const response = await patch(org, { plugin: null, tool: ["t"] }, token);
    expect(await response.json()).toMatchObject({
      span_mapping: { actor: ["x", "y"], tool: ["t"] },
    });
    expect(await mappingOf(org)).toEqual({ actor: ["x", "y"], tool: ["t"] });
  });

  it.each([
    ["a part that is none", { session: ["a"] }, "/span_mapping/session"],
    ["no names", { tool: [] }, "/span_mapping/tool"],
    ["nine names", { tool: [..."abcdefghi"] }, "/span_mapping/tool"],
    ["a name twice", { tool: ["a", "a"] }, "/span_mapping/tool"],
    ["an empty name", { tool: [""] }, "/span_mapping/tool/0"],
    ["a long name", { tool: ["x".repeat(129)] }, "/span_mapping/tool/0"],
    ["a control character", { tool: ["a\nb"] }, "/span_mapping/tool/0"],
    ["a text for a list", { tool: "a" }, "/span_mapping/tool"],
    ["a list for the whole", ["a"], "/span_mapping"],
    ["null for the whole", null, "/span_mapping"],
  ])("refuses %s, and says where", async (_, span_mapping, pointer) => {
    const org = await makeOrg();
    const response = await patch(org, span_mapping);
    expect(response.status).toBe(400);
    const { errors = [] } = await problemOf(response);
    expect(errors.map((error) => error.pointer)).toContain(pointer);
    expect(await mappingOf(org)).toEqual({});
  });

  it("is an entry of the ledger when it changes", async () => {
    const org = await makeOrg();
    await patch(org, { tool: ["my.tool"] });
    const { events } = await getJson<{ events: { event: { details: object } }[] }>(
      `/v1/orgs/${org}/audit?action=operator.org.updated`,
    );
    expect(events[0]?.event.details).toMatchObject({
      "span_mapping.from": "{}",
      "span_mapping.to": '{"tool":["my.tool"]}',
    });
  });

  it("does not make a call of what the conventions say is another method", async () => {
    const org = await makeOrg({ span_mapping: { tool: ["mcp.method.name", "my.tool"] } });
    const attributes = { "mcp.method.name": "tools/list", "my.tool": "search" };
    expect(await partialSuccess(org, [callSpan({ attributes })])).toBeNull();
    expect(await countedCalls(org)).toBe(0);
  });
});
