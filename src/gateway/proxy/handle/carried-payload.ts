/** What a request and its answer carried, as it is kept of them. */
import type { RpcMessage } from "#gateway/proxy/message/judge-body.ts";
import type { RpcAnswer } from "#gateway/proxy/upstream/relay-answer.ts";
import type { CarriedPayload } from "#gateway/record/capture-payload.ts";

/** Of an answer that passed without being kept (`too_large`), that there was one. */
const NOT_KEPT = "too_large";

/** A task's end was asked for by another request than the call: that one had the arguments. */
export function carriedPayload(
  { method, params }: RpcMessage,
  answer: RpcAnswer | null,
): CarriedPayload {
  const request = method === "tools/call" ? (params?.["arguments"] ?? {}) : null;
  return { request, response: answer === null ? null : responseOf(answer) };
}

function responseOf({ result, error, text, bytes }: RpcAnswer): unknown {
  if (error !== null) return { error };
  return text === "" ? { not_kept: NOT_KEPT, bytes } : result;
}
