/** JSON-RPC as an upstream wrote it: of one message, or of a batch where the version has them. */

import { jsonSteps } from "#formats/read-json.ts";
import type { RequestId } from "#gateway/proxy/message/judge-body.ts";
import { atOnce, withTurns } from "#platform/slices.ts";

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

export type RpcMembers = Readonly<Record<string, unknown>>;

/** An error has no id where its server could not tell which request it was. */
export type SeenMessage =
  | { readonly kind: "result"; readonly id: RequestId; readonly result: RpcMembers; text: string }
  | {
      readonly kind: "error";
      readonly id: RequestId | null;
      readonly error: RpcError;
      text: string;
    }
  | {
      readonly kind: "other";
      readonly method: string;
      readonly id: RequestId | null;
      readonly params: RpcMembers | null;
      text: string;
    };

export interface SeenText {
  readonly messages: readonly SeenMessage[];
  readonly isBatch: boolean;
}

/**
 * A value takes one byte of text and up to 75 of memory: 40 MB of an isolate's 128. A tools/list of 2 MB has
 * 100,000.
 */
const VALUES_MAX = 500_000;
/** Half of 2 MB of a tools/list; so many are parsed in 80 ms. */
const NAMES_MAX = 131_072;
/** What is shorter is read within milliseconds. */
const SHORT_CHARACTERS = 262_144;

/** Null where the text is no JSON. A long one is read in slices. */
export async function readMessages(text: string): Promise<SeenText | "too_many" | null> {
  const steps = jsonSteps(text, VALUES_MAX, NAMES_MAX);
  const reading = await (text.length > SHORT_CHARACTERS ? withTurns(steps) : atOnce(steps));
  if ("refusal" in reading && reading.refusal !== "named_twice") {
    return reading.refusal === "too_many" ? "too_many" : null;
  }
  // A member that is named twice is what JSON.parse, and with it every client, makes of it: the last one.
  const value = "value" in reading ? reading.value : JSON.parse(text);
  if (!Array.isArray(value)) return { messages: messagesOf(value, text), isBatch: false };
  return {
    messages: value.flatMap((one) => messagesOf(one, JSON.stringify(one))),
    isBatch: true,
  };
}

/** The messages of a text that was read, however much of it was understood. */
export function messagesIn(seen: Awaited<ReturnType<typeof readMessages>>): readonly SeenMessage[] {
  return seen === null || seen === "too_many" ? [] : seen.messages;
}

function messagesOf(value: unknown, text: string): SeenMessage[] {
  const members = asMembers(value);
  if (members === null || members["jsonrpc"] !== "2.0") return [];
  const message = messageOf(members, text);
  return message === null ? [] : [message];
}

function messageOf(members: RpcMembers, text: string): SeenMessage | null {
  const id = asId(members["id"]);
  const { method } = members;
  if (typeof method === "string") {
    return { kind: "other", method, id, params: asMembers(members["params"]), text };
  }
  const error = asError(members["error"]);
  const result = asMembers(members["result"]);
  // Some clients would take the one, and some the other.
  if (error !== null && result !== null) return null;
  if (error !== null) return { kind: "error", id, error, text };
  return result !== null && id !== null ? { kind: "result", id, result, text } : null;
}

function asId(value: unknown): RequestId | null {
  return typeof value === "string" || typeof value === "number" ? value : null;
}

function asError(value: unknown): RpcError | null {
  const { code, message, data } = asMembers(value) ?? {};
  if (typeof code !== "number") return null;
  const text = typeof message === "string" ? message : "";
  return { code, message: text, ...(data !== undefined && { data }) };
}

export function asMembers(value: unknown): RpcMembers | null {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as RpcMembers) : null;
}
