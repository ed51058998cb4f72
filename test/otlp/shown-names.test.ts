import { describe, expect, it } from "vitest";
import { shownAttributes, shownScope } from "#otlp/shown-names.ts";

describe("names out of spans", () => {
  it.each([
    ...["gen_ai.tool.name", "mcp.method.name", "openinference.span.kind", "logfire.msg_template"],
    ...["ai.toolCall.name", "input.mime_type", "traceloop.entity.input", "error.type"],
  ])("are shown as they are, of a convention: %s", (name) => {
    expect(shownAttributes([name])).toEqual([name]);
  });

  it.each([
    ...["@opentelemetry/instrumentation-x", "opentelemetry.instrumentation.openai_agents"],
    ...[
      "fastmcp",
      "logfire",
      "lib",
      "",
      "io.modelcontextprotocol/sdk",
      "openinference-instrumentation",
    ],
    "go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc",
  ])("are shown as they are, of a library: %s", (scope) => {
    expect(shownScope(scope)).toBe(scope);
  });

  it("have # for their digits, so that those that only a number tells apart are one", () => {
    expect(shownAttributes(["tool.k1", "tool.k2", "tool.k33", "a.b"])).toEqual(["a.b", "tool.k#"]);
    expect(shownScope("acme.v2")).toBe("acme.v#");
  });

  it.each([
    ...["tool.arg.sk-live-51HxSECRET", "api_key/ghp_SECRET", "input.value.password:hunter2"],
    ...[
      "alice@acme.com",
      "tool.alice smith",
      "tool.",
      ".tool",
      "tool..name",
      "tool.ключ",
      "tool.a\n",
    ],
    ...[
      "<script>",
      "tool.ghp_a1b2c3",
      `tool.${"x".repeat(41)}`,
      `${"x".repeat(33)}.${"y".repeat(33)}`,
    ],
  ])("are … and sort last where they may be values: %s", (name) => {
    expect(shownAttributes([name, "tool.name", name.concat("!")])).toEqual(["tool.name", "…"]);
  });

  it.each([
    ...["lib-ghp_SECRETinScope0123456789", "<img src=x>", "lib sk", "x".repeat(41), "lib.a1b2c3"],
    ...["-lib", "lib-", "lib:x", Array.from({ length: 10 }, () => "x".repeat(20)).join(".")],
  ])("are … of a scope that may have a secret: %s", (scope) => {
    expect(shownScope(scope)).toBe("…");
  });
});
