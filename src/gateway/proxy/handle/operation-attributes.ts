/** A message as its spans describe it: OpenTelemetry's conventions for MCP (docs/gen-ai/mcp.md). */
import type { AttributeValue } from "#formats/otlp/trace-model.ts";
import type { RpcMessage } from "#gateway/proxy/message/judge-body.ts";
import type { ServedOperation } from "#orgs/served-operation.ts";

/** Longer than any that a span is searched by. */
const NAME_LENGTH_MAX = 256;

/** A URI is no part of a name, for there are too many; and never an argument. */
export function operationAttributes({ method, name, id, version }: RpcMessage): ServedOperation {
  const attributes = new Map<string, AttributeValue>([
    ["mcp.method.name", method ?? "response"],
    ["mcp.protocol.version", version],
    ["network.transport", "tcp"],
    ["network.protocol.name", "http"],
  ]);
  if (id !== null) attributes.set("jsonrpc.request.id", String(id).slice(0, NAME_LENGTH_MAX));
  const target = method === "tools/call" || method === "prompts/get" ? name : null;
  if (method === "tools/call") attributes.set("gen_ai.operation.name", "execute_tool");
  if (target !== null) {
    const key = method === "tools/call" ? "gen_ai.tool.name" : "gen_ai.prompt.name";
    attributes.set(key, target.slice(0, NAME_LENGTH_MAX));
  }
  const label = target === null ? "" : ` ${target.slice(0, NAME_LENGTH_MAX)}`;
  return { name: `${method ?? "response"}${label}`, attributes };
}
