import { describe, expect, it } from "vitest";
import { sample as sampleSchema } from "#calls/sample-schema.ts";
import { uuid7TimeMs } from "#formats/uuid7.ts";
import type { SpanMapping } from "#orgs/mapped-attributes.ts";
import { mapSpan } from "#otlp/span-mapping.ts";
import { ATTRIBUTES, makeSpan, RESOURCE } from "./spans.ts";

type Given = Record<string, string | number | boolean>;

function callOf(
  span: Parameters<typeof makeSpan>[0],
  resource: Given = RESOURCE,
  mapping?: SpanMapping,
) {
  const verdict = mapSpan(makeSpan(span), new Map(Object.entries(resource)), mapping);
  if (verdict.kind !== "call") throw new Error(`no call: ${verdict.kind}`);
  return verdict.call;
}

const sampleOf = (...given: Parameters<typeof callOf>) => callOf(...given).sample;
const verdictOf = (span: Parameters<typeof makeSpan>[0]) =>
  mapSpan(makeSpan(span), new Map(Object.entries(RESOURCE))).kind;

describe("mapSpan, the conventions for MCP", () => {
  it("makes a sample of a tools/call span", () => {
    expect(callOf({})).toEqual({
      sample: {
        id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-/),
        workspace: "prod",
        plugin: "github",
        tool: "list_repos",
        started_at: 1_795_333_292_123,
        duration_ms: 84.2,
        outcome: "ok",
        error_code: null,
        error_message: null,
        actor: "alice@acme",
        session_id: "8267461134f24305af708e66b8eda71a",
        request_id: "3",
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
        span_id: "00f067aa0ba902b7",
        parent_span_id: "eee19b7ec3c1b173",
        request_bytes: 120,
        response_bytes: 9_000,
      },
      instance: "gw-1",
      side: "server",
    });
  });

  it("makes a sample that ingest takes", () => {
    expect(sampleSchema.Check(sampleOf({}))).toBe(true);
    const bare = { attributes: { "mcp.method.name": "tools/call", "gen_ai.tool.name": "t" } };
    expect(sampleSchema.Check(sampleOf(bare, {}))).toBe(true);
  });

  it("derives the id from trace and span, its time from the start", () => {
    const { id } = sampleOf({});
    expect(uuid7TimeMs(id!)).toBe(1_795_333_292_123);
    expect(sampleOf({ attributes: { ...ATTRIBUTES, "gen_ai.tool.name": "other" } }).id).toBe(id);
    const others = [
      { spanId: "00f067aa0ba902b8" },
      { traceId: "4bf92f3577b34da6a3ce929d0e0e4737" },
    ];
    for (const other of others) expect(sampleOf(other).id).not.toBe(id);
  });

  it("takes workspace, plugin and instance from the resource, and has a value without one", () => {
    const cases: [Given, workspace: string, plugin: string, instance: string][] = [
      [{}, "default", "unknown_service", "unknown_service"],
      [{ "service.name": "p" }, "default", "p", "p"],
      [{ "service.name": "p", "deployment.environment": "old" }, "old", "p", "p"],
      [{ "service.name": "p", "host.name": "h", "k8s.pod.name": "pod" }, "default", "p", "pod"],
      [{ "service.name": "p", "service.instance.id": "i" }, "default", "p", "i"],
      [
        { "service.name": "", "service.instance.id": "x".repeat(129) },
        "default",
        "unknown_service",
        "unknown_service",
      ],
    ];
    for (const [resource, workspace, plugin, instance] of cases) {
      const call = callOf({}, resource);
      expect(call.sample).toMatchObject({ workspace, plugin });
      expect(call.instance).toBe(instance);
    }
  });

  it("finds the tool in the span's name where no attribute names it", () => {
    const attributes = { "mcp.method.name": "tools/call" };
    for (const name of [
      "tools/call add",
      "MCP send tools/call add",
      "MCP request: tools/call add",
    ]) {
      expect(sampleOf({ name, attributes }).tool).toBe("add");
    }
  });

  it("knows no call in other methods, in HTTP, in a model's or an agent's span", () => {
    const others: Given[] = [
      {},
      { "mcp.method.name": "tools/list" },
      { "mcp.method.name": "prompts/get", "gen_ai.prompt.name": "p" },
      { "mcp.method.name": "initialize", "mcp.tool.name": "t" },
      { "http.request.method": "POST", "url.path": "/mcp" },
      { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" },
      { "gen_ai.operation.name": "invoke_agent", "gen_ai.tool.name": "t" },
      { "rpc.method": "Get", "rpc.system": "grpc" },
    ];
    for (const attributes of others) expect(verdictOf({ attributes })).toBe("no_call");
  });

  it("tells the sender of a call that names no tool, and of ids that are invalid", () => {
    expect(verdictOf({ name: "tools/call", attributes: { "mcp.method.name": "tools/call" } })).toBe(
      "unusable",
    );
    expect(verdictOf({ traceId: "" })).toBe("unusable");
    expect(verdictOf({ spanId: "" })).toBe("unusable");
    // An inner span of the kind that FastMCP's proxies and Kuadrant's router make.
    const inner = { name: "delegate t", kind: 1, attributes: { "mcp.method.name": "tools/call" } };
    expect(verdictOf(inner)).toBe("no_call");
  });

  it("leaves out an optional text that a sample cannot hold, and cuts a message", () => {
    const read = sampleOf({
      attributes: {
        ...ATTRIBUTES,
        "mcp.session.id": "x".repeat(257),
        "enduser.id": "a\0b",
        "error.type": "x".repeat(300),
      },
      status: { code: 2, message: `${"m".repeat(8_191)}😀\0` },
    });
    expect(read).toMatchObject({ session_id: null, actor: null, error_code: null });
    expect(read.error_message).toBe(`${"m".repeat(8_191)}\ufffd`);
    expect(sampleSchema.Check(read)).toBe(true);
  });
});

describe("mapSpan, dialects", () => {
  const cases: [dialect: string, name: string, kind: number, attributes: Given][] = [
    ["ToolHive, legacy", "tools/call t", 2, { "mcp.method": "tools/call", "mcp.tool.name": "t" }],
    [
      "ToolHive, both",
      "tools/call t",
      2,
      {
        "mcp.method": "tools/call",
        "mcp.method.name": "tools/call",
        "mcp.tool.name": "t",
        "gen_ai.tool.name": "t",
      },
    ],
    [
      "Envoy, legacy",
      "CallTool",
      3,
      { "mcp.method.name": "tools/call", "mcp.tool.name": "t", "mcp.transport": "http" },
    ],
    [
      "Envoy, OTel",
      "tools/call t",
      3,
      {
        "mcp.method.name": "tools/call",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "t",
      },
    ],
    [
      "agentgateway",
      "POST /mcp",
      2,
      { "mcp.method.name": "tools/call", "mcp.target": "everything", "gen_ai.tool.name": "t" },
    ],
    [
      "Kuadrant",
      "mcp-router.process",
      1,
      {
        "mcp.method.name": "tools/call",
        "gen_ai.operation.name": "tools/call",
        "gen_ai.tool.name": "t",
      },
    ],
    ["Docker", "mcp.tool.call", 3, { "mcp.tool.name": "t", "mcp.server.name": "github" }],
    ["ContextForge", "tool.invoke", 1, { "tool.name": "t", "tool.integration_type": "MCP" }],
    [
      "FastMCP",
      "tools/call t",
      2,
      { "mcp.method.name": "tools/call", "gen_ai.tool.name": "t", "fastmcp.server.name": "s" },
    ],
    [
      "RPC conventions",
      "mcp.request",
      2,
      { "rpc.system": "jsonrpc", "rpc.method": "tools/call", "mcp.tool.name": "t" },
    ],
    [
      "Logfire",
      "MCP request: tools/call t",
      1,
      { "rpc.system": "jsonrpc", "rpc.method": "tools/call" },
    ],
    ["Sentry", "tools/call t", 2, { "mcp.method.name": "tools/call", "mcp.tool.name": "t" }],
    ["Traceloop", "t.tool", 1, { "traceloop.span.kind": "tool", "traceloop.entity.name": "t" }],
    [
      "Traceloop of agents",
      "t.tool",
      1,
      {
        "traceloop.span.kind": "tool",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "t",
        "gen_ai.tool.type": "function",
      },
    ],
    [
      "Google ADK",
      "execute_tool t",
      1,
      {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "t",
        "gen_ai.tool.type": "McpTool",
      },
    ],
    [
      "Spring AI's MCP server",
      "spring.ai.mcp.server.tool",
      1,
      {
        "gen_ai.operation.name": "execute_tool",
        "spring.ai.kind": "mcp_server_tool_call",
        "spring.ai.tool.definition.name": "t",
      },
    ],
    [
      "Logfire without the tool in its name",
      "MCP request: tools/call",
      1,
      {
        "rpc.method": "tools/call",
        request: '{"method":"tools/call","params":{"name":"t","arguments":{}}}',
      },
    ],
    [
      "Logfire at the server",
      "MCP server handle request: tools/call",
      1,
      { request: '{"method":"tools/call","params":{"name":"t","arguments":{}}}' },
    ],
    ["OpenInference", "t", 1, { "openinference.span.kind": "TOOL", "tool.name": "t" }],
    [
      "Mastra",
      "execute_tool t",
      3,
      {
        "mastra.span.type": "mcp_tool_call",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "t",
      },
    ],
    [
      "execute_tool over a boundary",
      "execute_tool t",
      3,
      { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t" },
    ],
    [
      "execute_tool with MCP's attributes",
      "execute_tool t",
      1,
      {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "t",
        "mcp.method.name": "tools/call",
      },
    ],
  ];
  for (const [dialect, name, kind, attributes] of cases) {
    it(`reads ${dialect}`, () => {
      expect(sampleOf({ name, kind, attributes })).toMatchObject({ tool: "t", outcome: "ok" });
    });
  }

  it("knows Spring AI's observation of a server for a server's span, though its kind is INTERNAL", () => {
    const attributes = { "spring.ai.kind": "mcp_server_tool_call", "gen_ai.tool.name": "t" };
    expect(callOf({ kind: 1, attributes }).side).toBe("server");
  });

  const inner: [what: string, name: string, attributes: Given][] = [
    [
      "an agent's own execute_tool step",
      "execute_tool t",
      { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t" },
    ],
    [
      "ContextForge's client spans",
      "mcp.client.request",
      { "mcp.tool.name": "t", "contextforge.runtime": "python" },
    ],
    ["ContextForge's inner steps", "tool.gateway_call", { "tool.name": "t", "tool.id": "1" }],
    [
      "Kuadrant's inner spans",
      "mcp-router.tool-call",
      { "gen_ai.tool.name": "t", "mcp.session.id": "s" },
    ],
    ["Kuadrant's routing", "mcp-router.route-decision", { "mcp.method.name": "tools/call" }],
    ["Logfire's handler", "MCP server handle request: tools/call", { "rpc.method": "tools/call" }],
    [
      "Traceloop's server span",
      "mcp.server",
      { "traceloop.span.kind": "server", "traceloop.entity.name": "mcp.server" },
    ],
    [
      "another kind of OpenInference",
      "chain",
      { "openinference.span.kind": "CHAIN", "tool.name": "t" },
    ],
  ];
  for (const [what, name, attributes] of inner) {
    it(`counts no call in ${what}`, () => {
      expect(verdictOf({ name, kind: 1, attributes })).toBe("no_call");
    });
  }

  it("finds session, request and actor by their other names", () => {
    const mark = { "mcp.method.name": "tools/call", "gen_ai.tool.name": "t" };
    const others: [Given, Given][] = [
      [
        { "mcp.request.id": "7", "session.id": "s", "user.id": "u" },
        { request_id: "7", session_id: "s", actor: "u" },
      ],
      [
        { "rpc.jsonrpc.request_id": "8", "user.email": "e" },
        { request_id: "8", actor: "e" },
      ],
      [{ "jsonrpc.request.id": 9 }, { request_id: "9" }],
      [
        { request_id: "r", "langfuse.session.id": "s", "langfuse.user.id": "u" },
        { request_id: "r", session_id: "s", actor: "u" },
      ],
    ];
    for (const [given, expected] of others) {
      expect(sampleOf({ attributes: { ...mark, ...given } })).toMatchObject(expected);
    }
  });
});

describe("mapSpan, an org's mapping", () => {
  it("tries the org's attributes first, of the span and then of the resource", () => {
    const mapping = {
      workspace: ["tenant"],
      plugin: ["mcp.server.name"],
      instance: ["pod"],
      tool: ["acme.tool"],
      actor: ["acme.user"],
    };
    const attributes = { ...ATTRIBUTES, tenant: "t1", "acme.tool": "mine", "acme.user": "bob" };
    const call = callOf(
      { attributes },
      { ...RESOURCE, "mcp.server.name": "files", tenant: "t2" },
      mapping,
    );
    expect(call.sample).toMatchObject({
      workspace: "t1",
      plugin: "files",
      tool: "mine",
      actor: "bob",
    });
    expect(call.instance).toBe("gw-1");
    expect(sampleOf({}, RESOURCE, mapping)).toMatchObject({
      workspace: "prod",
      plugin: "github",
      tool: "list_repos",
    });
  });

  it("takes a span that has the org's tool attribute for a call, whatever its dialect, but not of another method", () => {
    const attributes = { "ai.toolCall.name": "t" };
    const mapping = { tool: ["ai.toolCall.name"] };
    expect(sampleOf({ name: "ai.toolCall", kind: 1, attributes }, RESOURCE, mapping).tool).toBe(
      "t",
    );
    const other = makeSpan({ attributes: { ...attributes, "mcp.method.name": "tools/list" } });
    expect(mapSpan(other, new Map(), mapping).kind).toBe("no_call");
  });
});
