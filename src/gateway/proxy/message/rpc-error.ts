/**
 * The gateway's own errors in JSON-RPC, and the status each has over HTTP. Our codes lie outside what JSON-RPC and
 * MCP reserve (-32768 to -32000); their messages are fixed, so that clients and alerts may match them.
 */
import type { AmbiguityCause, RequestId } from "./judge-body.ts";
import type { Era } from "./protocol-version.ts";

export const GATEWAY_ERRORS = {
  policy_denied: { code: -31001, message: "Denied by policy" },
  rate_limited: { code: -31002, message: "Rate limit exceeded" },
  quarantined: { code: -31003, message: "The tool is quarantined: its definition has changed" },
  upstream_unreachable: { code: -31004, message: "The upstream server cannot be reached" },
  timeout: { code: -31005, message: "The upstream server did not answer in time" },
  upstream_reset: { code: -31006, message: "The upstream server broke off its answer" },
  no_answer: { code: -31007, message: "The upstream server ended without an answer" },
} as const;

/** Of JSON-RPC and MCP (2026-07-28, basic/index §Error Codes). */
const STANDARD_MESSAGES: Readonly<Record<number, string>> = {
  [-32700]: "Parse error",
  [-32600]: "Invalid request",
  [-32601]: "Method not found",
  [-32602]: "Invalid params",
  [-32603]: "Internal error",
};

export function standardMessage(code: number): string {
  return STANDARD_MESSAGES[code] ?? "Error";
}

/** Where the request's id could not be read the error has none: null is no id in MCP. */
export function errorBody(
  id: RequestId | null,
  code: number,
  message: string,
  data?: unknown,
): string {
  return JSON.stringify({
    jsonrpc: "2.0",
    ...(id === null ? {} : { id }),
    error: { code, message, ...(data === undefined || data === null ? {} : { data }) },
  });
}

/** What is wrong with the request itself is 400; what a method answers is 200, denials among it. */
const BAD_REQUESTS: ReadonlySet<number> = new Set([-32700, -32600, -32020, -32021, -32022]);

/** A `RequestFault` (check-version.ts) has its own: -32602 is 400 where `_meta` lacks what it must have. */
export function httpErrorStatus(code: number, era: Era): 200 | 400 | 404 {
  if (BAD_REQUESTS.has(code)) return 400;
  return code === -32601 && era === "modern" ? 404 : 200;
}

/** Of a body that is refused because it may be read in two ways. */
export function ambiguityError(cause: AmbiguityCause): {
  status: 400 | 415;
  code: -32700 | -32600;
  message: string;
} {
  if (cause === "content_type") {
    return { status: 415, code: -32600, message: "The body has to be application/json in UTF-8" };
  }
  const code = cause === "bad_utf8" || cause === "byte_order_mark" ? -32700 : -32600;
  return { status: 400, code, message: `Refused as ambiguous: ${cause}` };
}
