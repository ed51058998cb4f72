/**
 * How a call ended, by the table of the HTTP contract: of what the upstream answered, or of how it came to no
 * answer. An answer that only says what is waited for ends nothing.
 */
import type { Outcome } from "#calls/outcome.ts";
import { outcomeOfCode } from "#calls/outcome-of-code.ts";
import type { RelayEnd, RpcAnswer } from "./relay-answer.ts";
import { asMembers, type RpcError } from "./rpc-text.ts";
import type { UpstreamFault } from "./send-upstream.ts";

export interface CallOutcome {
  readonly outcome: Outcome;
  readonly errorCode: string | null;
}

/**
 * `round`: the client comes again with the same state (MRTR). `task`: it asks for the task's state until that is
 * the last one; a server may forget the task `ttlMs` after it was made.
 */
export type WaitsFor =
  | { readonly kind: "round"; readonly state: string | null }
  | { readonly kind: "task"; readonly taskId: string; readonly ttlMs: number | null };

export interface AnswerOutcome extends CallOutcome {
  readonly isFinal: boolean;
  readonly waitsFor: WaitsFor | null;
}

type Members = Readonly<Record<string, unknown>>;

const OK: CallOutcome = { outcome: "ok", errorCode: null };
const CANCELLED: CallOutcome = { outcome: "client_error", errorCode: "cancelled" };

/** JSON-RPC 2.0 §5.1: what the request was. An internal error (-32603) is the server's. */
const CLIENT_CODES: ReadonlySet<number> = new Set([-32700, -32600, -32601, -32602]);

export function outcomeOfAnswer({ result, error }: RpcAnswer): AnswerOutcome {
  if (error !== null) return final(outcomeOfError(error));
  const members = result ?? {};
  return (
    roundOf(members) ??
    newTaskOf(members) ??
    taskStateOf(members) ??
    final(outcomeOfResult(members))
  );
}

function final(outcome: CallOutcome): AnswerOutcome {
  return { ...outcome, isFinal: true, waitsFor: null };
}

function waiting(waitsFor: WaitsFor): AnswerOutcome {
  return { ...OK, isFinal: false, waitsFor };
}

function outcomeOfError({ code }: RpcError): CallOutcome {
  const outcome = CLIENT_CODES.has(code) ? "client_error" : "server_error";
  return { outcome, errorCode: String(code) };
}

/** 2026-07-28, basic/patterns/mrtr. */
function roundOf(result: Members): AnswerOutcome | null {
  if (result["resultType"] !== "input_required") return null;
  const { requestState } = result;
  return waiting({ kind: "round", state: typeof requestState === "string" ? requestState : null });
}

/** A task made in place of a result: flat in SEP-2663, the member `task` in 2025-11-25. */
function newTaskOf(result: Members): AnswerOutcome | null {
  const task = result["resultType"] === "task" ? result : asMembers(result["task"]);
  return task === null ? null : waitingForTask(task);
}

function waitingForTask(task: Members): AnswerOutcome | null {
  const { taskId, ttlMs, ttl } = task;
  if (typeof taskId !== "string") return null;
  const limit = ttlMs ?? ttl;
  return waiting({ kind: "task", taskId, ttlMs: typeof limit === "number" ? limit : null });
}

/**
 * What tasks/get answers, and tasks/cancel of 2025-11-25. Since SEP-2663 a task that is over holds its result or
 * error; before, `failed` stands for both, and the result itself is fetched by tasks/result.
 */
function taskStateOf(task: Members): AnswerOutcome | null {
  if (typeof task["taskId"] !== "string" || "content" in task) return null;
  switch (task["status"]) {
    case "working":
    case "input_required":
      return waitingForTask(task);
    case "completed":
      return final(outcomeOfResult(asMembers(task["result"]) ?? {}));
    case "failed":
      return final(outcomeOfFailedTask(asMembers(task["error"])));
    case "cancelled":
      return final(CANCELLED);
    default:
      return null;
  }
}

function outcomeOfFailedTask(error: Members | null): CallOutcome {
  const code = error?.["code"];
  if (typeof code === "number") return outcomeOfError({ code, message: "" });
  return { outcome: "server_error", errorCode: "tool_error" };
}

function outcomeOfResult(result: Members): CallOutcome {
  if (result["isError"] !== true) return OK;
  const outcome = isClientsFault(result) ? "client_error" : "server_error";
  return { outcome, errorCode: "tool_error" };
}

/**
 * SDKs write a refused request into the result: "MCP error -32602: …" (TypeScript), "Input validation error: …",
 * "Unknown tool: …" (Python), "… validation error for …" (pydantic, in FastMCP). A tool's output that does not fit
 * its schema has the same code, and is the server's fault.
 */
const REFUSED_INPUT =
  /^(input validation error\b|unknown tool\b|invalid arguments\b|\d+ validation errors? for )/i;
const RPC_ERROR = /^MCP error (-\d{1,6}): (?!Output validation error)/;

/** By a code that it tells, in text or structured; a text that is no code says nothing of whose fault it was. */
function isClientsFault(result: Members): boolean {
  const text = firstText(result["content"]);
  if (REFUSED_INPUT.test(text)) return true;
  const code = RPC_ERROR.exec(text)?.[1] ?? codeOf(asMembers(result["structuredContent"]));
  const outcome = code === null ? undefined : outcomeOfCode(code);
  return outcome !== undefined && outcome !== "server_error";
}

function firstText(content: unknown): string {
  const first = Array.isArray(content) ? asMembers(content[0]) : null;
  const text = first?.["text"];
  return typeof text === "string" ? text.slice(0, 256) : "";
}

/** Where APIs put theirs: `code`, `status`, `type`, of the object or of its `error`. */
const CODE_MEMBERS = ["code", "error_code", "errorCode", "status", "statusCode", "type"];

function codeOf(structured: Members | null): string | null {
  if (structured === null) return null;
  for (const members of [asMembers(structured["error"]), structured]) {
    const code = CODE_MEMBERS.map((name) => members?.[name]).find(isCode);
    if (code !== undefined) return String(code);
  }
  return null;
}

function isCode(value: unknown): value is string | number {
  return typeof value === "number" || (typeof value === "string" && value !== "");
}

const UNREACHABLE: CallOutcome = { outcome: "server_error", errorCode: "upstream_unreachable" };
const RESET: CallOutcome = { outcome: "server_error", errorCode: "upstream_reset" };
const NO_ANSWER: CallOutcome = { outcome: "server_error", errorCode: "no_answer" };

/** What we cut (`too_large`) is cut mid-stream; a stream that nobody resumes (`detached`) ended without an answer. */
const OUTCOME_OF_END: Readonly<Record<RelayEnd | UpstreamFault, CallOutcome>> = {
  done: OK,
  no_answer: NO_ANSWER,
  detached: NO_ANSWER,
  malformed: NO_ANSWER,
  status: NO_ANSWER,
  reset: RESET,
  too_large: RESET,
  timeout: { outcome: "server_error", errorCode: "timeout" },
  client_gone: CANCELLED,
  cancelled: CANCELLED,
  unreachable: UNREACHABLE,
  forbidden_address: UNREACHABLE,
  redirect: UNREACHABLE,
};

/** Of a call without an answer: how it ended, or with which HTTP status (`failed.status ?? failed.fault`). */
export function outcomeOfEnd(end: RelayEnd | UpstreamFault | number): CallOutcome {
  if (typeof end !== "number") return OUTCOME_OF_END[end];
  return { outcome: "server_error", errorCode: `upstream_${end}` };
}
