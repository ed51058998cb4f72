/**
 * How the call of a span ended. It failed if `error.type` is set or the status is ERROR, as the conventions
 * say, or if its dialect says so in its own way. It is the server's fault unless a code says otherwise.
 */

import type { Outcome } from "#calls/outcome.ts";
import { type Attributes, type Span, STATUS_CODE } from "#formats/otlp/trace-model.ts";
import { asText, textOf } from "./span-attributes.ts";
import { isErrorResult } from "./span-texts.ts";

export interface SpanOutcome {
  outcome: Outcome;
  /** The first code that the span has, as sent. */
  errorCode: string | null;
}

const OK: SpanOutcome = { outcome: "ok", errorCode: null };

const RPC_STATUS = "rpc.response.status_code";
/**
 * Attributes that are set on a call that failed, and on no other. The last two are earlier names of
 * JSON-RPC's code.
 */
const ERROR_CODES: readonly string[] = ["error.type", "rpc.jsonrpc.error_code", "mcp.error.code"];
const HTTP_STATUS: readonly string[] = ["http.response.status_code", "http.status_code"];
const CODES: readonly string[] = [...ERROR_CODES, RPC_STATUS, ...HTTP_STATUS];

/** Flags of a failed call: ContextForge's, and that of agents that follow OpenTracing. */
const FLAGS: readonly (readonly [key: string, failed: string])[] = [
  ["success", "false"],
  ["error", "true"],
];
/**
 * Flags by the last part of their names, of which there is no end: `mcp.tool.result.is_error` (Sentry),
 * `mcp.result.is_error`, `mcp.tool.is_error`, `mcp.is_error_result`, `tool.isError`, `acme.call.failed`.
 */
const FAILURE_FLAG = /(?:^|\.)(?:is_?error(?:_result)?|failed)$/i;

/**
 * Codes by their words, in capitals: of `error.type`, of gRPC, of HTTP by name, of the gateways named in
 * the documentation. A code that is not here says nothing of whose fault it was.
 */
const WORDS: Readonly<Record<Exclude<Outcome, "ok" | "idempotent_replay">, string>> = {
  policy_denied: `POLICY_DENIED PERMISSION_DENIED ACCESS_DENIED FORBIDDEN UNAUTHORIZED UNAUTHENTICATED
    AUTHENTICATION_ERROR AUTHORIZATION_ERROR`,
  quota_exceeded: `QUOTA_EXCEEDED RATE_LIMITED RATE_LIMIT_EXCEEDED RATE_LIMIT_ERROR TOO_MANY_REQUESTS
    RESOURCE_EXHAUSTED PAYMENT_REQUIRED`,
  client_error: `CLIENT_ERROR VALIDATION_ERROR INVALID_ARG INVALID_ARGUMENT INVALID_ARGUMENTS INVALID_PARAM
    INVALID_PARAMS INVALID_REQUEST INVALID_JSON_RPC INVALID_SESSION INVALID_SESSION_ID PARSE_ERROR
    BAD_REQUEST NOT_FOUND NOT_FOUND_ERROR METHOD_NOT_FOUND UNSUPPORTED_METHOD UNSUPPORTED_PROTOCOL_VERSION
    UNKNOWN_TOOL TOOL_NOT_FOUND MISSING_TOOL_NAME FAILED_PRECONDITION OUT_OF_RANGE ALREADY_EXISTS CONFLICT
    UNPROCESSABLE_ENTITY UNPROCESSABLE_CONTENT CANCELLED`,
  server_error: `SERVER_ERROR INTERNAL_ERROR INTERNAL_SERVER_ERROR TRANSPORT_ERROR BACKEND_ERROR TIMEOUT
    DEADLINE_EXCEEDED UNAVAILABLE UNSUPPORTED_RESPONSE`,
};

/** JSON-RPC 2.0 §5.1, and MCP: -32002 resource not found, -32042 the user must act first. */
const CLIENT_RPC_CODES = new Set([-32700, -32600, -32601, -32602, -32002, -32042]);

const OUTCOME_OF_HTTP = new Map<number, Outcome>([
  [401, "policy_denied"],
  [402, "quota_exceeded"],
  [403, "policy_denied"],
  [429, "quota_exceeded"],
]);

const OUTCOME_OF_WORD = new Map(
  Object.entries(WORDS).flatMap(([outcome, words]) =>
    words.split(/\s+/).map((word) => [word, outcome as Outcome] as const),
  ),
);

export function spanOutcome(span: Span): SpanOutcome {
  if (!hasFailed(span)) return OK;
  const known = knownCode(span.attributes);
  return {
    outcome: known?.outcome ?? "server_error",
    errorCode: textOf(span.attributes, ERROR_CODES) ?? known?.code ?? null,
  };
}

function hasFailed({ attributes, status }: Span): boolean {
  if (status.code === STATUS_CODE.error || textOf(attributes, ERROR_CODES) !== null) return true;
  if (FLAGS.some(([key, failed]) => asText(attributes.get(key)) === failed)) return true;
  if (hasFailureFlag(attributes) || isErrorResult(attributes)) return true;
  // JSON-RPC's codes are negative; what is none, such as OK, is NaN.
  if (Number(attributes.get(RPC_STATUS)) < 0) return true;
  // ToolHive leaves the status of a refused call (4xx) unset, as HTTP's conventions want of a server.
  return status.code === STATUS_CODE.unset && Number(textOf(attributes, HTTP_STATUS)) >= 400;
}

/** Values first: few are true. As a text it is written in any language's way. */
function hasFailureFlag(attributes: Attributes): boolean {
  for (const [key, value] of attributes) {
    const isTrue = value === true || value === "true" || value === "True";
    if (isTrue && FAILURE_FLAG.test(key)) return true;
  }
  return false;
}

/** The first code that says whose fault it was: `tool_error` and an exception's name leave it to the next. */
function knownCode(attributes: Attributes): { code: string; outcome: Outcome } | undefined {
  for (const key of CODES) {
    const code = asText(attributes.get(key));
    const outcome = code === null ? undefined : outcomeOfCode(code);
    if (code !== null && outcome !== undefined) return { code, outcome };
  }
  return undefined;
}

function outcomeOfCode(code: string): Outcome | undefined {
  const number = Number(code);
  if (Number.isInteger(number)) return outcomeOfNumber(number);
  return code.length <= 64 ? OUTCOME_OF_WORD.get(capitals(code)) : undefined;
}

function outcomeOfNumber(code: number): Outcome | undefined {
  if (code < 0) return CLIENT_RPC_CODES.has(code) ? "client_error" : "server_error";
  const hundreds = Math.floor(code / 100);
  if (hundreds === 4) return OUTCOME_OF_HTTP.get(code) ?? "client_error";
  return hundreds === 5 ? "server_error" : undefined;
}

/** `ValidationError`, `validation-error`, `app.errors.ValidationError` → `VALIDATION_ERROR`. */
function capitals(code: string): string {
  const name = code.slice(code.lastIndexOf(".") + 1);
  return name
    .replace(/([a-z])(?=[A-Z])/g, "$1_")
    .replace(/\W+/g, "_")
    .toUpperCase();
}
