import { describe, expect, it } from "vitest";
import {
  ambiguityError,
  errorBody,
  GATEWAY_ERRORS,
  httpErrorStatus,
  standardMessage,
} from "#gateway/proxy/message/rpc-error.ts";

describe("A JSON-RPC error of the gateway", () => {
  it("has the request's id, and none where it could not be read", () => {
    expect(errorBody("a", -31001, "Denied by policy", { decision_id: "d" })).toBe(
      '{"jsonrpc":"2.0","id":"a","error":{"code":-31001,"message":"Denied by policy","data":{"decision_id":"d"}}}',
    );
    expect(errorBody(0, -32600, "Invalid request")).toBe(
      '{"jsonrpc":"2.0","id":0,"error":{"code":-32600,"message":"Invalid request"}}',
    );
    expect(errorBody(null, -32700, standardMessage(-32700), null)).toBe(
      '{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"}}',
    );
  });

  it("has a code outside what JSON-RPC and MCP reserve", () => {
    const codes = Object.values(GATEWAY_ERRORS).map(({ code }) => code);
    expect(codes).toEqual([-31001, -31002, -31003, -31004, -31005, -31006, -31007]);
  });

  it.each([
    [-32700, 400, 400],
    [-32600, 400, 400],
    [-32020, 400, 400],
    [-32021, 400, 400],
    [-32022, 400, 400],
    [-32601, 200, 404],
    [-32602, 200, 200],
    [-32603, 200, 200],
    [-31001, 200, 200],
    [-31007, 200, 200],
  ])("%d has the status %d in the legacy era and %d in the modern", (code, legacy, modern) => {
    expect(httpErrorStatus(code, "legacy")).toBe(legacy);
    expect(httpErrorStatus(code, "modern")).toBe(modern);
  });

  it("says why a body is ambiguous", () => {
    expect(ambiguityError("content_type")).toMatchObject({ status: 415, code: -32600 });
    expect(ambiguityError("bad_utf8")).toMatchObject({ status: 400, code: -32700 });
    expect(ambiguityError("duplicate_key")).toEqual({
      status: 400,
      code: -32600,
      message: "Refused as ambiguous: duplicate_key",
    });
  });
});
