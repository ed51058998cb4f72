import { beforeAll, describe, expect, it } from "vitest";
import { decodeTraces, isDecodeError } from "#formats/otlp/decode-traces.ts";
import { SPAN_KIND, type Span, STATUS_CODE } from "#formats/otlp/trace-model.ts";
import { requireStatus } from "../../../harness/answers.ts";
import { call } from "../../../harness/deployment.ts";
import {
  answering,
  answeringWith,
  type Behind,
  behindGateway,
  eventStream,
  putPolicy,
  recordOf,
  type Server,
  send,
  serveHost,
  serveHosts,
  toolCall,
} from "./gateway-kit.ts";

beforeAll(serveHosts);

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const IN_HEADER = "b7ad6b7169203331";
const IN_META = "00f067aa0ba902b7";
const traceparent = (span: string) => `00-${TRACE}-${span}-03`;

/** Its org's collector has what is exported. */
async function traced(server: Server = answering): Promise<Behind & { spans: Span[] }> {
  const behind = await behindGateway(server);
  const spans: Span[] = [];
  const host = `collector-${behind.org}.example.com`;
  serveHost(host, async (request) => {
    const traces = decodeTraces(new Uint8Array(await request.arrayBuffer()), "protobuf");
    if (isDecodeError(traces)) throw new Error("no OTLP");
    spans.push(...traces.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
    return new Response();
  });
  const traces = { enabled: true, otlp: { endpoint: `https://${host}`, sample_rate: 1 } };
  const at = `/v1/orgs/${behind.org}/observability`;
  await requireStatus(200, call("PUT", at, { body: { traces } }));
  return { ...behind, spans };
}

/** Of the trace: the request's, and the one to the plugin; waits until they are exported. */
async function spansOf({ spans }: { spans: Span[] }, traceId = TRACE) {
  for (;;) {
    const all = spans.filter((span) => span.traceId === traceId);
    const server = all.find(({ kind }) => kind === SPAN_KIND.server);
    const client = all.find(
      ({ attributes }) => attributes.has("mcp.method.name") && !isOf(server, attributes),
    );
    if (server !== undefined) return { server, client };
    await scheduler.wait(20);
  }
}

const isOf = (span: Span | undefined, attributes: Span["attributes"]) =>
  span?.attributes === attributes;

const withMeta = (span: string, name = "read") => {
  const { params, ...message } = toolCall(name, 7, { path: "/secret-path" });
  const _meta = { traceparent: traceparent(span), tracestate: "vendor=1", other: 1.0 };
  return { ...message, params: { ...params, _meta } };
};

describe("A call's spans", () => {
  it("are a SERVER below the span in _meta, linked to the header's, and a CLIENT below it", async () => {
    const behind = await traced();
    const headers = { traceparent: traceparent(IN_HEADER) };
    await (await send(behind, withMeta(IN_META), { headers })).text();
    const { server, client } = await spansOf(behind);
    expect(server).toMatchObject({ name: "tools/call read", parentSpanId: IN_META });
    expect(server.links?.map(({ spanId }) => spanId)).toEqual([IN_HEADER]);
    expect(Object.fromEntries(server.attributes)).toMatchObject({
      "mcp.method.name": "tools/call",
      "mcp.protocol.version": "2025-03-26",
      "gen_ai.tool.name": "read",
      "gen_ai.operation.name": "execute_tool",
      "jsonrpc.request.id": "7",
      "network.transport": "tcp",
    });
    expect(client).toMatchObject({
      name: "tools/call read",
      kind: SPAN_KIND.client,
      parentSpanId: server.spanId,
    });
    expect(client?.attributes.get("server.address")).toMatch(/^mcp-.*example\.com$/);
    const text = JSON.stringify(behind.spans.map((span) => [span, [...span.attributes]]));
    expect(text).not.toContain("secret-path");
  });

  it("go on to the server with the CLIENT as the parent, in the header and in _meta alike", async () => {
    const behind = await traced();
    await (await send(behind, withMeta(IN_META))).text();
    const { client } = await spansOf(behind);
    const [sent] = behind.received;
    const { params } = JSON.parse(sent?.body ?? "") as { params: { _meta: object } };
    const parent = sent?.headers.get("traceparent");
    expect(parent).toMatch(new RegExp(`^00-${TRACE}-${client?.spanId}-`));
    expect(params._meta).toMatchObject({ traceparent: parent, other: 1 });
    const { tracestate } = params._meta as { tracestate?: string };
    expect(sent?.headers.get("tracestate") ?? undefined).toBe(tracestate);
    expect(tracestate).toContain("vendor=1");
  });

  it("are where the call's sample and entries say that it is", async () => {
    const behind = await traced();
    await (await send(behind, withMeta(IN_META))).text();
    const { server } = await spansOf(behind);
    const { samples, events } = await recordOf(behind.org, 1);
    expect(samples).toMatchObject([
      { trace_id: TRACE, span_id: server.spanId, parent_span_id: IN_META },
    ]);
    expect(events.map(({ trace_id }) => trace_id)).toEqual([TRACE, TRACE]);
  });

  it("are below the header's where _meta has none", async () => {
    const behind = await traced();
    const headers = { traceparent: traceparent(IN_HEADER) };
    await (await send(behind, toolCall("read"), { headers })).text();
    const { server } = await spansOf(behind);
    expect(server.parentSpanId).toBe(IN_HEADER);
    expect(server.links ?? []).toEqual([]);
  });

  const failures: [what: string, type: string, server: Server][] = [
    ["a status", "500", () => new Response("no", { status: 500 })],
    ["no connection", "unreachable", () => Promise.reject(new Error("no"))],
    ["isError", "tool_error", answeringWith(() => ({ content: [], isError: true }))],
    ["no answer", "no_answer", () => eventStream()],
  ];

  it.each(failures)("say of a plugin that failed by %s that the CLIENT did: %s", async (...row) => {
    const [, type, server] = row;
    const behind = await traced(server);
    await (await send(behind, withMeta(IN_META))).text();
    const { client } = await spansOf(behind);
    expect(client?.status.code).toBe(STATUS_CODE.error);
    expect(client?.attributes.get("error.type")).toBe(type);
  });

  it("have no CLIENT where the call was denied", async () => {
    const behind = await traced();
    await putPolicy(behind.org, "forbid(principal, action, resource);");
    await (await send(behind, withMeta(IN_META))).text();
    const { server, client } = await spansOf(behind);
    expect(server.name).toBe("tools/call read");
    expect(client).toBeUndefined();
    const { samples } = await recordOf(behind.org, 1);
    expect(samples).toMatchObject([{ span_id: server.spanId, outcome: "policy_denied" }]);
  });
});
