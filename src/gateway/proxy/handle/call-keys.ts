/**
 * By what a call is found again that did not end with its first answer: each names its principal, so that whoever
 * else learns a task's id or a state finds nothing.
 */
import { encodeHex } from "#formats/hex.ts";
import { sha256 } from "#formats/sha256.ts";
import type { RequestId, RpcMessage } from "#gateway/proxy/message/judge-body.ts";
import type { Exchange } from "./exchange.ts";

/** Of a round (MRTR): the state that the plugin handed out, or what was asked where it kept none. */
export function roundKey(
  x: Exchange,
  { method, params }: RpcMessage,
  state: string | null,
): string {
  const { inputResponses: _answers, requestState: _state, _meta, ...asked } = params ?? {};
  return keyOf(x, ["round", method, params?.["name"] ?? params?.["uri"], state ?? asked]);
}

export function taskKey(x: Exchange, taskId: string): string {
  return keyOf(x, ["task", taskId]);
}

/**
 * Of an answer that comes by another stream of the session, after the one that it was due on was closed. By the id's
 * value: a server need not write it as its client did.
 */
export function answerKey(x: Exchange, id: RequestId | null): string {
  return keyOf(x, ["answer", x.session?.upstreamId, id]);
}

/** The state of a request that goes on with a call, or undefined where it begins one. */
export function roundStateOf({ params }: RpcMessage): string | null | undefined {
  if (params === null) return undefined;
  const { inputResponses, requestState } = params;
  if (typeof requestState === "string") return requestState;
  return inputResponses === undefined ? undefined : null;
}

function keyOf({ caller, plugin }: Exchange, of: readonly unknown[]): string {
  const named = [caller.principalKey, plugin.workspace, plugin.plugin, ...of];
  return encodeHex(sha256(new TextEncoder().encode(JSON.stringify(named))));
}
