import { describe, expect, it } from "vitest";
import { spanOutcome } from "#otlp/span-outcome.ts";
import { makeSpan } from "./spans.ts";

describe("spanOutcome", () => {
  const outcomeOf = (attributes: Record<string, string | number | boolean>, code = 0) =>
    spanOutcome(makeSpan({ attributes, status: { code, message: "m" } }));

  it("counts an error where error.type is set or the status is ERROR, and else none", () => {
    expect(outcomeOf({})).toEqual({ outcome: "ok", errorCode: null });
    expect(outcomeOf({}, 1)).toMatchObject({ outcome: "ok" });
    expect(outcomeOf({ "error.type": "tool_error" })).toMatchObject({
      outcome: "server_error",
      errorCode: "tool_error",
    });
    expect(outcomeOf({}, 2)).toMatchObject({ outcome: "server_error", errorCode: null });
    expect(outcomeOf({ "error.type": "" })).toMatchObject({ outcome: "ok" });
  });

  const cases: [outcome: string, ...codes: string[]][] = [
    [
      "server_error",
      "tool_error",
      "_OTHER",
      "500",
      "503",
      "-32603",
      "-32000",
      "timeout",
      "internal_error",
    ],
    [
      "server_error",
      "java.net.UnknownHostException",
      "McpError",
      "ToolError",
      "unsupported_response",
      "backend_error",
    ],
    [
      "client_error",
      "-32700",
      "-32600",
      "-32601",
      "-32602",
      "400",
      "404",
      "422",
      "NOT_FOUND",
      "BAD_REQUEST",
    ],
    [
      "client_error",
      "client_error",
      "validation_error",
      "ValidationError",
      "pydantic_core.ValidationError",
    ],
    [
      "client_error",
      "unsupported_method",
      "invalid_param",
      "invalid_session_id",
      "invalid_json_rpc",
      "INVALID_ARG",
    ],
    [
      "policy_denied",
      "401",
      "403",
      "POLICY_DENIED",
      "policy_denied",
      "PERMISSION_DENIED",
      "FORBIDDEN",
    ],
    [
      "quota_exceeded",
      "429",
      "402",
      "quota_exceeded",
      "RESOURCE_EXHAUSTED",
      "rate_limited",
      "TOO_MANY_REQUESTS",
    ],
  ];
  for (const [outcome, ...codes] of cases) {
    it(`is ${outcome} for ${codes.join(", ")}`, () => {
      for (const code of codes)
        expect(outcomeOf({ "error.type": code }).outcome, code).toBe(outcome);
    });
  }

  it("asks the other codes where error.type says nothing of whose fault it was", () => {
    expect(
      outcomeOf({ "error.type": "McpError", "rpc.response.status_code": "-32602" }),
    ).toMatchObject({
      outcome: "client_error",
      errorCode: "McpError",
    });
    expect(outcomeOf({ "error.type": "500", "rpc.response.status_code": "-32602" })).toMatchObject({
      outcome: "server_error",
    });
    expect(outcomeOf({ "http.response.status_code": 429 }, 2)).toMatchObject({
      outcome: "quota_exceeded",
      errorCode: "429",
    });
  });

  it("names no code that tells of success", () => {
    const given = { "http.response.status_code": 200, "rpc.response.status_code": "OK" };
    expect(outcomeOf(given, 2)).toEqual({ outcome: "server_error", errorCode: null });
  });

  it("knows an error by the dialects' own signs", () => {
    const signs: [Record<string, string | number | boolean>, string][] = [
      [{ "mcp.tool.result.is_error": true }, "server_error"],
      [{ "mcp.result.is_error": "true" }, "server_error"],
      [{ "mcp.is_error_result": true }, "server_error"],
      [{ "mcp.tool.is_error": true }, "server_error"],
      [{ "acme.tool.isError": true }, "server_error"],
      [{ "acme.call.failed": "True" }, "server_error"],
      [{ isError: true }, "server_error"],
      [{ success: false }, "server_error"],
      [{ error: "true", "mcp.error.code": -32601 }, "client_error"],
      [{ "rpc.jsonrpc.error_code": -32602 }, "client_error"],
      [{ "rpc.response.status_code": "-32603" }, "server_error"],
      [{ "http.response.status_code": 403 }, "policy_denied"],
      [{ "http.status_code": "500" }, "server_error"],
    ];
    for (const [given, outcome] of signs) expect(outcomeOf(given).outcome).toBe(outcome);
    const fine: Record<string, string | number | boolean>[] = [
      { "mcp.tool.result.is_error": false },
      { "acme.call.failed": "false" },
      { "acme.failed.before": true },
      { "acme.attempt_failed": true },
      { success: true },
      { "rpc.response.status_code": "OK" },
      { "http.response.status_code": 200 },
    ];
    for (const given of fine) expect(outcomeOf(given).outcome).toBe("ok");
    expect(outcomeOf({ "http.response.status_code": 404 }, 1).outcome).toBe("ok");
  });

  it("finds isError in a result's text, and only where it is the result's own", () => {
    const result = (value: object) => JSON.stringify({ content: [{ type: "text" }], ...value });
    for (const key of [
      "response",
      "mcp.response.value",
      "output.value",
      "gen_ai.tool.call.result",
    ]) {
      expect(outcomeOf({ [key]: result({ isError: true }) }).outcome, key).toBe("server_error");
    }
    const answer = `{"jsonrpc":"2.0","id":1,"result":${result({ isError: true })}}`;
    expect(outcomeOf({ response: answer }).outcome).toBe("server_error");
    const fine = [
      result({ isError: false }),
      result({ structuredContent: { isError: true } }),
      result({ content: [{ type: "text", text: '{"isError": true}' }] }),
      '[{"isError":true}]',
      '{"isError":true,"content":[{"ty',
      "null",
    ];
    for (const text of fine) expect(outcomeOf({ response: text }).outcome, text).toBe("ok");
  });
});
