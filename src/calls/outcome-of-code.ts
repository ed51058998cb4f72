/** Whose fault a failure was, by the code that tells of it: a number of JSON-RPC's or HTTP's, or a word. */
import type { Outcome } from "./outcome.ts";

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

/** Undefined where the code says nothing of whose fault it was. */
export function outcomeOfCode(code: string): Outcome | undefined {
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
