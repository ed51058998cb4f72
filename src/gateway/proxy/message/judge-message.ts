/** One JSON-RPC message, of a text that all readers read alike. */
import { hasCaseTwin } from "./case-twins.ts";
import { endOfValue, memberAt } from "./json-members.ts";
import type { AmbiguityCause, Judged, RequestId, RpcMessage } from "./judge-body.ts";
import { eraOf, type ProtocolVersion } from "./protocol-version.ts";
import { isMembers, readMeta } from "./request-meta.ts";

export interface MessageText {
  readonly text: string;
  /** Of `measureText`. */
  readonly outermost: readonly number[];
}

type Refusal = Exclude<Judged, { kind: "messages" }>;
export type MessageJudged = { kind: "message"; message: RpcMessage } | Refusal;

type Members = Readonly<Record<string, unknown>>;
type Id = { id: RequestId; idText: string };

export function judgeMessage(
  value: unknown,
  source: MessageText,
  version: ProtocolVersion,
): MessageJudged {
  if (!isMembers(value)) return noRpc(null);
  const read = readId(value, source);
  const id = read === null || read === "bad_id" ? null : read.id;
  if (hasCaseTwin(value)) return refused("case_twin", id);
  const kind = kindOf(value);
  if (kind === null) return noRpc(id);
  if (read === "bad_id") return refused("bad_id", null);
  if (kind === "mixed") return refused("mixed_message", id);
  return kind === "call"
    ? judgeCall(value, read, source, version)
    : judgeAnswer(read, source, version);
}

/** Null for what is no JSON-RPC 2.0. Mixed is what some readers take for a request and others for its answer. */
function kindOf(value: Members): "call" | "answer" | "mixed" | null {
  if (value["jsonrpc"] !== "2.0") return null;
  const told = ["method", "result", "error"].filter((name) => Object.hasOwn(value, name));
  if (told.length > 1) return "mixed";
  if (told.length === 0) return null;
  return told[0] === "method" ? "call" : "answer";
}

/** A request or a notification. */
function judgeCall(
  value: Members,
  id: Id | null,
  source: MessageText,
  version: ProtocolVersion,
): MessageJudged {
  const { method, params } = value;
  if (typeof method !== "string") return noRpc(id?.id ?? null);
  if (params !== undefined && !isMembers(params)) return noRpc(id?.id ?? null);
  if (id === null && !method.startsWith("notifications/")) {
    return refused("request_without_id", null);
  }
  const kind = id === null ? "notification" : "request";
  return { kind: "message", message: messageOf(kind, method, params ?? null, id, source, version) };
}

/**
 * Of servers' own requests, which the legacy era has: whether somebody asked is known to whoever keeps the
 * session. An answer without an id answers nobody.
 */
function judgeAnswer(id: Id | null, source: MessageText, version: ProtocolVersion): MessageJudged {
  if (id === null || eraOf(version) === "modern") {
    return refused("unasked_response", id?.id ?? null);
  }
  return { kind: "message", message: messageOf("response", null, null, id, source, version) };
}

function messageOf(
  kind: RpcMessage["kind"],
  method: string | null,
  params: Members | null,
  id: Id | null,
  { text }: MessageText,
  version: ProtocolVersion,
): RpcMessage {
  return {
    kind,
    version,
    method,
    id: id?.id ?? null,
    idText: id?.idText ?? null,
    params,
    name: nameOf(method, params),
    meta: readMeta(params),
    text,
  };
}

/** Which of the params names what a method is about. */
const NAMING_PARAMS: Readonly<Record<string, string>> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
  "resources/subscribe": "uri",
  "resources/unsubscribe": "uri",
  "tasks/get": "taskId",
  "tasks/result": "taskId",
  "tasks/update": "taskId",
  "tasks/cancel": "taskId",
};

function nameOf(method: string | null, params: Members | null): string | null {
  if (method === null || params === null || !Object.hasOwn(NAMING_PARAMS, method)) return null;
  const name = params[NAMING_PARAMS[method]!];
  return typeof name === "string" ? name : null;
}

/** Ids are echoed in errors and recorded with the call: what is longer is no id. */
const ID_LENGTH_MAX = 1024;

/** As written: 1.0 and 1e2 are integers to JSON.parse, and no integers to Go and Python. */
const INTEGER = /^(?:0|-?[1-9][0-9]*)$/;

/**
 * Null where there is none. Texts and integers as JSON.parse keeps them, 0 and "" too; null would be a
 * notification to some SDKs (python-sdk#2057), and 2^53 + 1 another request's id.
 */
function readId(value: Members, { text, outermost }: MessageText): Id | "bad_id" | null {
  if (!Object.hasOwn(value, "id")) return null;
  const { id } = value;
  if (typeof id !== "string" && !Number.isSafeInteger(id)) return "bad_id";
  const { valueStart } = outermost
    .map((at) => memberAt(text, at))
    .find(({ name }) => name === "id")!;
  const idText = text.slice(valueStart, endOfValue(text, valueStart));
  if (typeof id === "number") return INTEGER.test(idText) ? { id, idText } : "bad_id";
  return (id as string).length > ID_LENGTH_MAX ? "bad_id" : { id: id as string, idText };
}

function refused(cause: AmbiguityCause, id: RequestId | null): Refusal {
  return { kind: "ambiguous", cause, id };
}

function noRpc(id: RequestId | null): Refusal {
  return { kind: "malformed", code: -32600, id };
}
