/**
 * What a POST to the MCP endpoint says, if all readers of it read the same.
 *
 * The gateway decides about what JSON.parse reads here, and the upstream's parser reads the same bytes again. So
 * whatever common parsers read differently is refused, and recorded as a denial with its cause: between the two
 * readings an attacker has room. What is taken goes on as it came.
 *
 * In the order of cost: the type, the bytes, the text's measures without parsing, then JSON.parse once. A name
 * that is written twice shows in the number of names (formats/read-json.ts), which takes a quarter of the time
 * of a parser that tells where.
 *
 * Each of these takes up to 60 ms of the longest body, so that others go first in between (platform/slices.ts).
 */
import { countNames } from "#formats/read-json.ts";
import { atOnce, type Stepwise } from "#platform/slices.ts";
import { isJsonContentType } from "./json-content-type.ts";
import { itemsOf, startOfValue } from "./json-members.ts";
import { judgeMessage, type MessageText } from "./judge-message.ts";
import type { ProtocolVersion } from "./protocol-version.ts";
import type { RequestMeta } from "./request-meta.ts";
import { measureText } from "./text-measure.ts";
import { unsafeTextIn } from "./unsafe-text.ts";

export type RequestId = string | number;

/** A JSON-RPC message that a client sent. */
export interface RpcMessage {
  readonly kind: "request" | "notification" | "response";
  /** By which it was judged. */
  readonly version: ProtocolVersion;
  /** Null for a response. */
  readonly method: string | null;
  /** Null for a notification. */
  readonly id: RequestId | null;
  /** The id's exact JSON text. */
  readonly idText: string | null;
  /** As JSON.parse reads them: which numbers it does not keep tells `hasLossyNumbers`. */
  readonly params: Readonly<Record<string, unknown>> | null;
  /** Of what is called, read or asked after, by method: params.name, .uri or .taskId. Null where it is no text. */
  readonly name: string | null;
  readonly meta: RequestMeta;
  /** Exactly as sent; of a batch, the message's own part. */
  readonly text: string;
}

export type AmbiguityCause =
  | "content_type"
  | "bad_utf8"
  | "byte_order_mark"
  | "too_deep"
  | "too_many_values"
  | "duplicate_key"
  | "case_twin"
  | "lone_surrogate"
  /** In a name. */
  | "nul"
  /** A member named `__proto__`. */
  | "prototype_key"
  /** Where the version has none, or one that is empty, too long or mixed. */
  | "batch"
  /** Two requests of a batch. */
  | "duplicate_id"
  | "bad_id"
  /** A method that is answered, without an id: some servers run it and tell nobody. */
  | "request_without_id"
  /** A method and a result, or a result and an error. */
  | "mixed_message"
  | "unasked_response"
  /** Not found here: for whoever has to decide about a message that `hasLossyNumbers`. */
  | "lossy_number";

export type Judged =
  | {
      readonly kind: "messages";
      readonly messages: readonly RpcMessage[];
      readonly isBatch: boolean;
    }
  /** To be recorded as a denial. */
  | {
      readonly kind: "ambiguous";
      readonly cause: AmbiguityCause;
      readonly id: RequestId | null;
    }
  /** Plain bad JSON, or no JSON-RPC. */
  | {
      readonly kind: "malformed";
      readonly code: -32700 | -32600;
      readonly id: RequestId | null;
    };

/** As many as have room in one report to the ledger with a decision and a completion each (256 events). */
export const BATCH_MESSAGES_MAX = 100;

const PARSE_ERROR: Judged = { kind: "malformed", code: -32700, id: null };

/** Never throws, whatever the bytes. `version` is that of `versionOfRequest`. */
export function* judgeBody(
  bytes: Uint8Array,
  contentType: string | null,
  version: ProtocolVersion,
): Stepwise<Judged> {
  if (!isJsonContentType(contentType)) return ambiguous("content_type");
  const text = decoded(bytes);
  if (text === null) return ambiguous("bad_utf8");
  if (text.startsWith(BYTE_ORDER_MARK)) return ambiguous("byte_order_mark");
  return yield* judgeSteps(text, version);
}

/** As `judgeBody` of a text that came as JSON in UTF-8: one that was edited here is judged again so. */
export function judgeText(text: string, version: ProtocolVersion): Judged {
  return atOnce(judgeSteps(text, version));
}

function* judgeSteps(text: string, version: ProtocolVersion): Stepwise<Judged> {
  const measure = measureText(text);
  if (typeof measure === "string") return ambiguous(measure);
  yield;
  const reading = parsed(text);
  if (reading === null) return PARSE_ERROR;
  const { value } = reading;
  yield;
  if (countNames(value) !== measure.names) return ambiguous("duplicate_key", value);
  yield;
  const unsafe = unsafeTextIn(text, value);
  if (unsafe !== null) return ambiguous(unsafe, value);
  yield;
  if (Array.isArray(value)) return judgeBatch(text, value, version);
  const judged = judgeMessage(value, { text, outermost: measure.outermost }, version);
  if (judged.kind !== "message") return judged;
  return { kind: "messages", messages: [judged.message], isBatch: false };
}

/** Some readers take off a byte order mark and read on, others refuse it. */
const BYTE_ORDER_MARK = "\uFEFF";

function decoded(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function parsed(text: string): { value: unknown } | null {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}

/** Of a value that is known to be no list its id is told, so that whoever waits for an answer gets one. */
function ambiguous(cause: AmbiguityCause, value: unknown = null): Judged {
  const { id = null } = (value ?? {}) as { id?: unknown };
  const isId = typeof id === "string" ? id.isWellFormed() : Number.isSafeInteger(id);
  return { kind: "ambiguous", cause, id: isId ? (id as RequestId) : null };
}

/**
 * Only 2025-03-26 has batches, of requests and notifications or of responses, and none with `initialize` in it.
 * Servers of later versions run them all the same, which is why they are refused here.
 */
function judgeBatch(text: string, values: readonly unknown[], version: ProtocolVersion): Judged {
  if (version !== "2025-03-26") return ambiguous("batch");
  if (values.length === 0 || values.length > BATCH_MESSAGES_MAX) return ambiguous("batch");
  const messages: RpcMessage[] = [];
  for (const [index, { start, end }] of itemsOf(text, startOfValue(text)).entries()) {
    const judged = judgeMessage(values[index], messageText(text.slice(start, end)), version);
    if (judged.kind !== "message") return judged;
    messages.push(judged.message);
  }
  const cause = batchFault(messages);
  return cause === null ? { kind: "messages", messages, isBatch: true } : ambiguous(cause);
}

function messageText(text: string): MessageText {
  const measure = measureText(text);
  return { text, outermost: typeof measure === "string" ? [] : measure.outermost };
}

/** `1` and `"1"` are one id to SDKs that turn texts into numbers (python-sdk#961). */
function batchFault(messages: readonly RpcMessage[]): AmbiguityCause | null {
  const ids = messages.flatMap(({ id }) => (id === null ? [] : [String(id)]));
  if (new Set(ids).size < ids.length) return "duplicate_id";
  const responses = messages.filter(({ kind }) => kind === "response").length;
  if (responses > 0 && responses < messages.length) return "batch";
  return messages.some(({ method }) => method === "initialize") ? "batch" : null;
}
