import { describe, expect, it } from "vitest";
import { outcomeOfAnswer, outcomeOfEnd } from "#gateway/proxy/upstream/call-outcome.ts";
import type { RpcAnswer } from "#gateway/proxy/upstream/relay-answer.ts";

const ANSWER: RpcAnswer = { id: 1, result: null, error: null, text: "", bytes: 0, isDue: true };

const ofResult = (result: Record<string, unknown>) => outcomeOfAnswer({ ...ANSWER, result });
const ofError = (code: number) => outcomeOfAnswer({ ...ANSWER, error: { code, message: "" } });
const failure = (text: string) => ({ isError: true, content: [{ type: "text", text }] });

describe("A call that was answered", () => {
  it("with a result is ok", () => {
    const outcome = { outcome: "ok", errorCode: null, isFinal: true, waitsFor: null };
    expect(ofResult({ content: [] })).toEqual(outcome);
    expect(ofResult({ content: [], isError: false })).toEqual(outcome);
    expect(ofResult({ resultType: "complete", content: [] })).toEqual(outcome);
  });

  it.each([
    [-32700, "client_error"],
    [-32600, "client_error"],
    [-32601, "client_error"],
    [-32602, "client_error"],
    [-32603, "server_error"],
    [-32002, "server_error"],
    [-32000, "server_error"],
    [-32021, "server_error"],
    [500, "server_error"],
  ])("with the JSON-RPC error %s is a %s, of that code", (code, outcome) => {
    expect(ofError(code)).toEqual({ outcome, errorCode: `${code}`, isFinal: true, waitsFor: null });
  });

  it.each([
    [failure("it broke"), "server_error"],
    [{ isError: true }, "server_error"],
    [{ isError: true, content: [{ type: "image" }] }, "server_error"],
    [failure("MCP error -32603: boom"), "server_error"],
    [failure("MCP error -32602: Output validation error: Tool x has"), "server_error"],
    [failure("Could not fetch https://a.example: 404 Not Found"), "server_error"],
    [{ ...failure("x"), structuredContent: { code: "INTERNAL_ERROR" } }, "server_error"],
    [failure("MCP error -32602: Tool nope not found"), "client_error"],
    [
      failure("MCP error -32602: Input validation error: Invalid arguments for tool x"),
      "client_error",
    ],
    [failure("Input validation error: 'a' is a required property"), "client_error"],
    [failure("Unknown tool: nope"), "client_error"],
    [failure("1 validation error for call[add]\nb\n  Missing"), "client_error"],
    [{ ...failure("x"), structuredContent: { error: { code: "NOT_FOUND" } } }, "client_error"],
    [{ ...failure("x"), structuredContent: { status: 404 } }, "client_error"],
  ])("with isError is a tool_error, by its content: %j", (result, outcome) => {
    expect(ofResult(result)).toMatchObject({ outcome, errorCode: "tool_error", isFinal: true });
  });
});

describe("An answer that ends nothing", () => {
  it("asks for another round, with the state that it comes with", () => {
    expect(
      ofResult({ resultType: "input_required", requestState: "s", inputRequests: {} }),
    ).toEqual({
      outcome: "ok",
      errorCode: null,
      isFinal: false,
      waitsFor: { kind: "round", state: "s" },
    });
    expect(ofResult({ resultType: "input_required", inputRequests: {} }).waitsFor).toEqual({
      kind: "round",
      state: null,
    });
  });

  it.each([
    [{ resultType: "task", taskId: "t", status: "working", ttlMs: 60_000 }, 60_000],
    [{ resultType: "task", taskId: "t", status: "working", ttlMs: null }, null],
    [{ task: { taskId: "t", status: "working", ttl: 60_000 } }, 60_000],
    [{ resultType: "complete", taskId: "t", status: "working", ttlMs: 5 }, 5],
    [{ resultType: "complete", taskId: "t", status: "input_required", ttlMs: null }, null],
    [{ taskId: "t", status: "working", ttl: 7 }, 7],
  ])("names a task to wait for: %j", (result, ttlMs) => {
    const { isFinal, waitsFor } = ofResult(result);
    expect(isFinal).toBe(false);
    expect(waitsFor).toEqual({ kind: "task", taskId: "t", ttlMs });
  });
});

describe("A task that is over", () => {
  it.each([
    [{ status: "completed", result: { content: [] } }, "ok", null],
    [{ status: "completed", result: failure("it broke") }, "server_error", "tool_error"],
    [{ status: "completed", result: failure("Unknown tool: x") }, "client_error", "tool_error"],
    [{ status: "completed", ttl: 5 }, "ok", null],
    [{ status: "failed", error: { code: -32602, message: "" } }, "client_error", "-32602"],
    [{ status: "failed", error: { code: -32603, message: "" } }, "server_error", "-32603"],
    [{ status: "failed", ttl: 5 }, "server_error", "tool_error"],
    [{ status: "cancelled" }, "client_error", "cancelled"],
  ])("ends its call as its result would: %j", (state, outcome, errorCode) => {
    const result = ofResult({ taskId: "t", ...state });
    expect(result).toEqual({ outcome, errorCode, isFinal: true, waitsFor: null });
  });

  it("is not what a tool says that it is", () => {
    expect(ofResult({ content: [], taskId: "t", status: "failed" }).outcome).toBe("ok");
    expect(ofResult({ taskId: 1, status: "failed" }).outcome).toBe("ok");
  });
});

describe("A call without an answer", () => {
  it.each([
    [404, "server_error", "upstream_404"],
    [503, "server_error", "upstream_503"],
    [307, "server_error", "upstream_307"],
    ["unreachable", "server_error", "upstream_unreachable"],
    ["forbidden_address", "server_error", "upstream_unreachable"],
    ["redirect", "server_error", "upstream_unreachable"],
    ["timeout", "server_error", "timeout"],
    ["reset", "server_error", "upstream_reset"],
    ["too_large", "server_error", "upstream_reset"],
    ["no_answer", "server_error", "no_answer"],
    ["detached", "server_error", "no_answer"],
    ["malformed", "server_error", "no_answer"],
    ["client_gone", "client_error", "cancelled"],
    ["cancelled", "client_error", "cancelled"],
  ] as const)("that ended by %s is a %s, %s", (end, outcome, errorCode) => {
    expect(outcomeOfEnd(end)).toEqual({ outcome, errorCode });
  });
});
