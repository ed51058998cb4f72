import { describe, expect, it } from "vitest";
import { getJson } from "../../harness/answers.ts";
import { makeOrg } from "../../harness/orgs.ts";
import { CLIENT, callSpan, countedCalls, INTERNAL, partialSuccess, SERVER } from "./otlp.ts";

type Attributes = Record<string, string | number | boolean>;

/** What each of them sends for a call of `search` that the caller got wrong, as read in its source. */
const DIALECTS: readonly [who: string, kind: number, name: string, failed: Attributes][] = [
  [
    "semantic conventions",
    SERVER,
    "tools/call search",
    {
      "mcp.method.name": "tools/call",
      "gen_ai.tool.name": "search",
      "error.type": "-32602",
    },
  ],
  [
    "semantic conventions, at the caller",
    CLIENT,
    "tools/call search",
    {
      "mcp.method.name": "tools/call",
      "gen_ai.tool.name": "search",
      "rpc.response.status_code": "-32602",
    },
  ],
  [
    "a tool's name in the span's only",
    SERVER,
    "tools/call search",
    { "mcp.method.name": "tools/call", "error.type": "-32602" },
  ],
  [
    "ToolHive before the conventions",
    SERVER,
    "mcp.tools/call",
    { "mcp.method": "tools/call", "mcp.tool.name": "search", "http.status_code": 400 },
  ],
  [
    "RPC conventions (FastMCP, Logfire)",
    SERVER,
    "tools/call search",
    { "rpc.method": "tools/call", "rpc.system": "mcp", "rpc.jsonrpc.error_code": -32602 },
  ],
  [
    "Mastra",
    INTERNAL,
    "mcp_tool search",
    {
      "mastra.span.type": "mcp_tool_call",
      "gen_ai.tool.name": "search",
      "error.type": "VALIDATION_ERROR",
    },
  ],
  [
    "OpenLLMetry",
    INTERNAL,
    "search.tool",
    {
      "traceloop.span.kind": "tool",
      "traceloop.entity.name": "search",
      "error.type": "ValidationError",
    },
  ],
  [
    "OpenInference",
    INTERNAL,
    "search",
    { "openinference.span.kind": "TOOL", "tool.name": "search", "error.type": "invalid_params" },
  ],
  [
    "Docker's gateway",
    SERVER,
    "mcp.tool.call",
    { "mcp.tool.name": "search", "error.type": "invalid_params" },
  ],
  [
    "ContextForge",
    INTERNAL,
    "tool.invoke",
    { "tool.name": "search", success: "false", "error.type": "ToolNotFound" },
  ],
  [
    "GenAI conventions, at the caller",
    CLIENT,
    "execute_tool search",
    {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "search",
      "error.type": "not_found",
    },
  ],
];

/** A tool that its server has only ever called unknown is counted so. */
function countedAs(failed: Attributes): string {
  return Object.values(failed).map(String).includes("-32602") ? "__unknown__" : "search";
}

describe("a tool call in the words of", () => {
  it.each(DIALECTS)(
    "%s is counted under its tool, with its outcome",
    async (_, kind, name, attributes) => {
      const org = await makeOrg({ span_mapping: { caller_wait_seconds: 0 } });
      expect(await partialSuccess(org, [callSpan({ kind, name, attributes })])).toBeNull();
      const tool = `tool="${countedAs(attributes)}"`;
      expect(await countedCalls(org, tool, 'plugin="github"')).toBe(1);
      const { invocations } = await getJson<{ invocations: object[] }>(
        `/v1/orgs/${org}/invocations`,
      );
      const sample = { outcome: "client_error", tool: "search" };
      expect(invocations).toEqual([expect.objectContaining(sample)]);
    },
  );
});

const NO_CALLS: readonly [what: string, kind: number, attributes: Attributes][] = [
  ["another method", SERVER, { "mcp.method.name": "tools/list", "gen_ai.tool.name": "search" }],
  [
    "an agent's step around a call",
    INTERNAL,
    { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search" },
  ],
  ["an inner span that has the method alone", INTERNAL, { "mcp.method.name": "tools/call" }],
  ["a model's call", CLIENT, { "gen_ai.operation.name": "chat" }],
  ["an HTTP request", SERVER, { "http.route": "/mcp" }],
];

describe("what is no tool call", () => {
  it.each(NO_CALLS)("%s is neither counted nor rejected", async (_, kind, attributes) => {
    const org = await makeOrg();
    expect(await partialSuccess(org, [callSpan({ kind, name: "step", attributes })])).toBeNull();
    expect(await countedCalls(org)).toBe(0);
  });
});
