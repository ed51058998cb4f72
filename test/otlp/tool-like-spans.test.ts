import { describe, expect, it } from "vitest";
import { toolLikeKeys } from "#otlp/tool-like-spans.ts";
import { makeSpan } from "./spans.ts";

type Attributes = Record<string, string | number | boolean>;

const keysOf = (name: string, attributes: Attributes) =>
  toolLikeKeys(makeSpan({ kind: 1, name, attributes }));

describe("a span that is taken for no call", () => {
  it.each<[what: string, name: string, attributes: Attributes, keys: string[]]>([
    [
      "an agent's step",
      "execute_tool search",
      { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search", "a.b": 1 },
      ["gen_ai.operation.name", "gen_ai.tool.name"],
    ],
    ["a name in camel case", "ai", { "ai.toolCall.name": "search" }, ["ai.toolCall.name"]],
    ["a name with underscores", "x", { "acme.tool_name": "search" }, ["acme.tool_name"]],
    [
      "a kind by its value",
      "search",
      { "langfuse.observation.type": "tool" },
      ["langfuse.observation.type"],
    ],
    ["an attribute of MCP's", "x", { "mcp.call": "search", "mcp.session.id": "s" }, ["mcp.call"]],
    ["its name alone", "tools/call search", {}, []],
    ["its name alone, as agents name it", "execute_tool search", {}, []],
    ["a function call", "function_call search", {}, []],
    [
      "HTTP's, with a tool's attribute",
      "POST",
      { "http.route": "/", "tool.name": "x" },
      ["tool.name"],
    ],
  ])("looks like one by %s", (_, name, attributes, keys) => {
    expect(keysOf(name, attributes)).toEqual(keys);
  });

  it.each<[what: string, name: string, attributes: Attributes]>([
    ["a database's", "SELECT tools", { "db.system.name": "sqlite" }],
    ["an HTTP request to a server", "POST /mcp", { "http.request.method": "POST" }],
    ["within a session", "render", { "mcp.session.id": "s", "mcp.protocol.version": "1" }],
    ["of another method", "tools/list", { "mcp.method.name": "tools/list" }],
    ["of another method, by RPC's conventions", "x", { "rpc.method": "tools/list", "mcp.a": 1 }],
    ["a model's", "chat", { "gen_ai.operation.name": "chat", "gen_ai.tool.definitions": "[]" }],
    ["a model's, by its request", "step", { "llm.request.functions.0.name": "x", "tool.x": 1 }],
    ["an agent's", "x", { "openinference.span.kind": "AGENT", "tool.name": "x" }],
    ["of another method, by its name", "tools/list.mcp", { "traceloop.entity.input": "{}" }],
    ["Logfire's, of another", "MCP request: initialize", { "rpc.method": "initialize" }],
    ["OpenLLMetry's, of a message", "ResponseStreamWriter", { "mcp.response.value": "{}" }],
    ["a list of tools", "mcp.list tools", { "http.route": "/mcp" }],
    ["an inner one that frameworks mark", "x", { "mcp.method.name": "tools/call" }],
    ["ContextForge's inner one", "mcp.client.call", { "mcp.tool.name": "search" }],
    ["none of these", "toolbox.stool", { "toolbox.name": "x", functional: true }],
  ])("does not look like one: %s", (_, name, attributes) => {
    expect(keysOf(name, attributes)).toBeNull();
  });
});
