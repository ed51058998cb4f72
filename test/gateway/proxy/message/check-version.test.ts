import { describe, expect, it } from "vitest";
import { checkVersion } from "#gateway/proxy/message/check-version.ts";
import type { RpcMessage } from "#gateway/proxy/message/judge-body.ts";
import {
  eraOf,
  PROTOCOL_VERSIONS,
  versionOfRequest,
} from "#gateway/proxy/message/protocol-version.ts";
import { MODERN_META, requestText, taken } from "./messages.ts";

const headersOf = (version: string | null) =>
  new Headers(version === null ? {} : { "MCP-Protocol-Version": version });

const CLAIM = "io.modelcontextprotocol/protocolVersion";

function request(meta: object | undefined, method = "tools/list"): RpcMessage {
  return taken(requestText(method, meta === undefined ? {} : { _meta: meta }), "2026-07-28");
}

function faultOf(header: string | null, message: RpcMessage | null): number | null {
  const fault = checkVersion(headersOf(header), message);
  if (fault !== null) expect(fault.status).toBe(400);
  return fault?.code ?? null;
}

describe("A request's version", () => {
  it("is the header's; without one the session's, and 2025-03-26 without either", () => {
    expect(versionOfRequest(headersOf(" 2025-06-18 "), "2025-11-25")).toBe("2025-06-18");
    expect(versionOfRequest(headersOf(null), "2025-11-25")).toBe("2025-11-25");
    expect(versionOfRequest(headersOf(null), null)).toBe("2025-03-26");
  });

  it("that nobody knows is judged by the newest, which takes neither batches nor responses", () => {
    for (const named of ["2024-01-01", "", "2025-03-26, 2025-03-26"]) {
      expect(versionOfRequest(headersOf(named), "2025-03-26")).toBe("2026-07-28");
    }
  });

  it("is of the modern era from 2026-07-28", () => {
    expect(PROTOCOL_VERSIONS.map(eraOf)).toEqual(["legacy", "legacy", "legacy", "modern"]);
  });
});

describe("The version header", () => {
  it.each([
    ["modern, as in _meta", "2026-07-28", request(MODERN_META), null],
    ["with blanks around it", " 2026-07-28\t", request(MODERN_META), null],
    [
      "of another version than _meta",
      "2026-07-28",
      request({ ...MODERN_META, [CLAIM]: "v999" }),
      -32020,
    ],
    ["legacy where _meta is modern", "2025-11-25", request(MODERN_META), -32020],
    ["missing where _meta is modern", null, request(MODERN_META), -32020],
    ["unknown, as in _meta", "v999", request({ ...MODERN_META, [CLAIM]: "v999" }), -32022],
    ["unknown without _meta", "1900-01-01", request(undefined), -32022],
    ["empty", "", request(undefined), -32022],
    ["twice", "2026-07-28, 2026-07-28", request(undefined), -32022],
    ["modern without _meta", "2026-07-28", request(undefined), -32602],
    ["modern without a version in _meta", "2026-07-28", request({ progressToken: 1 }), -32602],
    ["modern with a number for it", "2026-07-28", request({ ...MODERN_META, [CLAIM]: 1 }), -32602],
    ["modern without capabilities", "2026-07-28", request({ [CLAIM]: "2026-07-28" }), -32602],
    ["modern with initialize", "2026-07-28", request(undefined, "initialize"), -32020],
    ["legacy without _meta", "2025-06-18", request(undefined), null],
    ["missing without _meta", null, request(undefined), null],
    ["missing with a _meta of a legacy request", null, request({ progressToken: 1 }), null],
    ["missing with initialize", null, request(undefined, "initialize"), null],
  ])("%s", (_, header, message, code) => {
    expect(faultOf(header, message)).toBe(code);
  });

  it("is enough for notifications and answers, and for requests without a body", () => {
    const notification = taken('{"jsonrpc":"2.0","method":"notifications/x"}', "2026-07-28");
    const response = taken('{"jsonrpc":"2.0","id":1,"result":{}}', "2025-11-25");
    expect(faultOf("2026-07-28", notification)).toBeNull();
    expect(faultOf("2025-11-25", response)).toBeNull();
    expect(faultOf("2025-11-25", null)).toBeNull();
    expect(faultOf("x", notification)).toBe(-32022);
    expect(faultOf("x", response)).toBe(-32022);
    expect(faultOf("x", null)).toBe(-32022);
  });

  it("that is unknown is answered with what is supported: modern versions to who claims one", () => {
    const claimed = request({ ...MODERN_META, [CLAIM]: "v999" });
    expect(checkVersion(headersOf("v999"), claimed)?.data).toEqual({
      supported: ["2026-07-28"],
      requested: "v999",
    });
    expect(checkVersion(headersOf("v".repeat(1000)), null)?.data).toEqual({
      supported: [...PROTOCOL_VERSIONS],
      requested: "v".repeat(64),
    });
  });
});
