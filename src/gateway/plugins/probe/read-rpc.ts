/** The JSON-RPC answer to one request of ours, whether it came as JSON or within a stream of events. */
import { createParser } from "eventsource-parser";
import { readJson } from "#formats/read-json.ts";

/** Of all answers of a probe: four times what is kept of a plugin's definitions, for what of a list is not kept. */
export const ANSWERS_BYTES_MAX = 4 * 1_048_576;
/** No list has more values than one in eight bytes. */
const VALUES_MAX = ANSWERS_BYTES_MAX / 8;

/** What a probe may still read. */
export interface ReadBudget {
  readonly signal: AbortSignal;
  readonly bytes: { left: number };
}

export type JsonObject = Readonly<Record<string, unknown>>;

export type RpcReply =
  | { kind: "result"; result: JsonObject }
  | { kind: "error"; code: number }
  | { kind: "unread"; fault: "not_mcp" | "too_large" | "timeout" | "unreachable" };

/** Never rejects. What else the server says in the stream is passed over. */
export async function readRpc(
  response: Response,
  id: number,
  budget: ReadBudget,
): Promise<RpcReply> {
  const type = response.headers.get("content-type") ?? "";
  const isStream = /^text\/event-stream\s*(;|$)/i.test(type);
  if (!isStream && !/^application\/json\s*(;|$)/i.test(type)) {
    await response.body?.cancel();
    return unread("not_mcp");
  }
  try {
    return isStream
      ? await readEvents(response, id, budget)
      : await readWhole(response, id, budget);
  } catch {
    return unread(budget.signal.aborted ? "timeout" : "unreachable");
  }
}

async function readWhole(response: Response, id: number, budget: ReadBudget): Promise<RpcReply> {
  let text = "";
  for await (const piece of texts(response, budget)) {
    if (piece === null) return unread("too_large");
    text += piece;
  }
  return replyIn(text, id) ?? unread("not_mcp");
}

async function readEvents(response: Response, id: number, budget: ReadBudget): Promise<RpcReply> {
  let reply: RpcReply | null = null;
  const parser = createParser({
    onEvent: ({ data }) => {
      reply ??= replyIn(data, id);
    },
  });
  for await (const piece of texts(response, budget)) {
    if (piece === null) return unread("too_large");
    parser.feed(piece);
    // Leaving the loop cancels the stream.
    if (reply !== null) return reply;
  }
  return unread("not_mcp");
}

/** The body's text in pieces; null, and nothing more, where it is longer than any answer. */
async function* texts(response: Response, { bytes }: ReadBudget): AsyncGenerator<string | null> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  for await (const chunk of response.body ?? []) {
    bytes.left -= chunk.length;
    if (bytes.left < 0) {
      yield null;
      return;
    }
    yield decoder.decode(chunk, { stream: true });
  }
}

function replyIn(text: string, id: number): RpcReply | null {
  const reading = readJson(text, VALUES_MAX);
  if (!("value" in reading) || !isObject(reading.value)) return null;
  const { id: answered, result, error } = reading.value;
  if (answered !== id) return null;
  if (isObject(result)) return { kind: "result", result };
  const { code = null } = isObject(error) ? error : {};
  return Number.isSafeInteger(code) ? { kind: "error", code: code as number } : null;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unread(fault: Extract<RpcReply, { kind: "unread" }>["fault"]): RpcReply {
  return { kind: "unread", fault };
}
