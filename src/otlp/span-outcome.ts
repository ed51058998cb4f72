/**
 * How the call of a span ended. It failed if `error.type` is set or the status is ERROR, as the conventions
 * say, or if its dialect says so in its own way. It is the server's fault unless a code says otherwise.
 */

import type { Outcome } from "#calls/outcome.ts";
import { outcomeOfCode } from "#calls/outcome-of-code.ts";
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
