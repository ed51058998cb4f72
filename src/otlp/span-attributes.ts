/**
 * Which attributes say what of a tool call, first match first: OpenTelemetry's semantic conventions, then
 * the dialects that are seen in the wild. The documentation's table is made of this file.
 *
 * MCP: https://github.com/open-telemetry/semantic-conventions-genai docs/gen-ai/mcp.md (0393513)
 */
import type { Attributes, AttributeValue } from "#formats/otlp/trace-model.ts";

export const TOOLS_CALL = "tools/call";

/** Where one of these is set, it decides: a span of `tools/list` is no tool call. */
export const METHOD: readonly string[] = [
  "mcp.method.name",
  "mcp.method", // ToolHive until it followed the conventions
];

/** A span with one of these pairs is a call of the tool that the attributes name. */
export const TOOL_MARKS: readonly ToolMark[] = [
  { key: "mcp.method.name", value: TOOLS_CALL, tool: ["gen_ai.tool.name", "mcp.tool.name"] },
  { key: "mcp.method", value: TOOLS_CALL, tool: ["mcp.tool.name", "gen_ai.tool.name"] },
  // RPC conventions: Logfire, FastMCP before 3, hand-written ones.
  { key: "rpc.method", value: TOOLS_CALL, tool: ["gen_ai.tool.name", "mcp.tool.name"] },
  { key: "mastra.span.type", value: "mcp_tool_call", tool: ["gen_ai.tool.name"] },
  {
    key: "traceloop.span.kind",
    value: "tool",
    tool: ["traceloop.entity.name", "gen_ai.tool.name"], // the latter: its instrumentations of agents
  },
  { key: "openinference.span.kind", value: "TOOL", tool: ["tool.name", "gen_ai.tool.name"] },
  { key: "gen_ai.tool.type", value: "McpTool", tool: ["gen_ai.tool.name"] }, // Google ADK
  { key: "gen_ai.tool.type", value: "MCPTool", tool: ["gen_ai.tool.name"] }, // ADK's name of before
  {
    key: "spring.ai.kind",
    value: "mcp_server_tool_call",
    tool: ["spring.ai.tool.definition.name", "gen_ai.tool.name"],
    side: "server", // Micrometer's observations have no kind, and become INTERNAL spans
  },
];

export interface ToolMark {
  readonly key: string;
  readonly value: string;
  readonly tool: readonly string[];
  /** Who such a span is of, where its kind does not say. */
  readonly side?: "server";
}

/** Logfire's span on a server, by its name alone: no attribute marks it, and its kind is INTERNAL. */
export const LOGFIRE_SERVER = "MCP server handle request: tools/call";

/** JSON-RPC requests as a text, which name the tool: Logfire. */
export const REQUEST_TEXT: readonly string[] = ["request"];
/** Results of tools/call as a text: Logfire; OpenLLMetry, for agents and for MCP; OpenInference; GenAI. */
export const RESULT_TEXT: readonly string[] = [
  "response",
  "traceloop.entity.output",
  "mcp.response.value",
  "output.value",
  "gen_ai.tool.call.result",
];

/** The attribute that marks a tool call by itself, as of Docker's gateway and of many a server. */
export const TOOL_NAME_ALONE = "mcp.tool.name";

/** ContextForge: the one span of its call, and the inner ones that carry `mcp.tool.name` too. */
export const CONTEXTFORGE = {
  span: "tool.invoke",
  tool: "tool.name",
  inner: "mcp.client.",
} as const;

/**
 * A tool call by the GenAI conventions. Such a span of kind INTERNAL is an agent's own step, which wraps
 * the MCP span if any.
 */
export const EXECUTE_TOOL = {
  key: "gen_ai.operation.name",
  value: "execute_tool",
  tool: "gen_ai.tool.name",
} as const;

export const WORKSPACE: readonly string[] = [
  "deployment.environment.name",
  "deployment.environment", // its name until semantic conventions 1.27
];
export const DEFAULT_WORKSPACE = "default";

export const PLUGIN: readonly string[] = ["service.name"];
/** What an SDK says of a service without a name (Resource SDK, "service.name"). */
export const UNKNOWN_PLUGIN = "unknown_service";

/** Without any of these an instance has its plugin's name: stable, if not unique. */
export const INSTANCE: readonly string[] = [
  "service.instance.id",
  "k8s.pod.name",
  "faas.instance",
  "host.name",
];

export const ACTOR: readonly string[] = [
  "enduser.id",
  "user.id",
  "user.email",
  "langfuse.user.id",
  "contextforge.user.email",
];
export const SESSION: readonly string[] = ["mcp.session.id", "session.id", "langfuse.session.id"];
export const REQUEST: readonly string[] = [
  "jsonrpc.request.id",
  "mcp.request.id",
  "rpc.jsonrpc.request_id",
  "request_id", // ContextForge
];
export const REQUEST_BYTES: readonly string[] = [
  "http.request.body.size",
  "http.request_content_length",
];
export const RESPONSE_BYTES: readonly string[] = [
  "http.response.body.size",
  "http.response_content_length",
];

/** The first of the attributes that has a text. */
export function textOf(attributes: Attributes, keys: readonly string[]): string | null {
  for (const key of keys) {
    const text = asText(attributes.get(key));
    if (text !== null) return text;
  }
  return null;
}

/** The value as a text, numbers too: a request's id may be one. An empty text is none. */
export function asText(value: AttributeValue | undefined): string | null {
  if (value === undefined || value === "") return null;
  return typeof value === "string" ? value : String(value);
}
