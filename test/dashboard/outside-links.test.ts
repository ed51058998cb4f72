import { describe, expect, it } from "vitest";
import {
  prometheusFault,
  prometheusLink,
  traceLink,
  traceTemplateFault,
} from "#dashboard/call/outside-links.ts";

const CALL = { trace_id: "a".repeat(32), span_id: "b".repeat(16) };

describe("a template of a trace UI", () => {
  it("makes a link of its names", () => {
    const template = "https://traces.example/trace/{trace_id}?span={span_id}#{trace_id}";
    const [trace, span] = ["a".repeat(32), "b".repeat(16)];
    expect(traceLink(template, CALL)).toBe(
      `https://traces.example/trace/${trace}?span=${span}#${trace}`,
    );
  });

  it.each([
    ["javascript:alert(1)//{trace_id}", "not_https"],
    ["data:text/html,{trace_id}", "not_https"],
    ["http://traces.example/{trace_id}", "not_https"],
    ["https://user:secret@traces.example/{trace_id}", "no_address"],
    ["/trace/{trace_id}", "no_address"],
    ["https://traces.example/", "no_trace_id"],
    ["", "no_address"],
  ])("is refused: %s", (template, fault) => {
    expect(traceTemplateFault(template)).toBe(fault);
    expect(traceLink(template, CALL)).toBeNull();
  });

  it("may be of http on this machine", () => {
    expect(traceTemplateFault("http://127.0.0.1:16686/trace/{trace_id}")).toBeNull();
    expect(traceTemplateFault("http://localhost:16686/trace/{trace_id}")).toBeNull();
    expect(traceTemplateFault("http://localhost.example/trace/{trace_id}")).toBe("not_https");
  });

  it("makes no link of a call without a trace, and a value is no part of the address", () => {
    const template = "https://traces.example/{trace_id}";
    expect(traceLink(template, { trace_id: null, span_id: null })).toBeNull();
    expect(traceLink(template, { trace_id: "../a?b#c", span_id: null })).toBe(
      "https://traces.example/..%2Fa%3Fb%23c",
    );
  });
});

it("a link to Prometheus asks for this tool, whatever its name", () => {
  const call = {
    ...{ workspace: "prod", plugin: 'git"hub', tool: "\\}) or vector(1)" },
    started_at: "2026-11-28T16:00:00.000Z",
  };
  const link = prometheusLink("http://127.0.0.1:9090/", "acme", call);
  const { origin, pathname, searchParams } = new URL(link ?? "");
  expect(origin + pathname).toBe("http://127.0.0.1:9090/graph");
  expect(searchParams.get("g0.expr")).toBe(
    'sum by (outcome) (rate(mcpg_tool_invocations_total{org="acme",workspace="prod",' +
      'plugin="git\\"hub",tool="\\\\}) or vector(1)"}[5m]))',
  );
  expect(searchParams.get("g0.end_input")).toBe("2026-11-28 16:30:00");
  expect(prometheusFault("javascript:alert(1)")).toBe("not_https");
});
