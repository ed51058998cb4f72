/**
 * Requests that this isolate follows, for the cancellation that a client sends by a request of its own (legacy
 * versions; since 2026-07-28 it closes the answer). One that another isolate follows ends there when its plugin
 * falls silent.
 */
import type { RpcMessage } from "#gateway/proxy/message/judge-body.ts";
import { answerKey } from "./call-keys.ts";
import type { Exchange } from "./exchange.ts";
import type { FollowedRequest } from "./followed-request.ts";

/** Of about 200 bytes each; who was followed longest makes room. */
const FOLLOWED_MAX = 4_096;
const followed = new Map<string, FollowedRequest>();

/** Answers what ends it. */
export function followInIsolate(x: Exchange, request: FollowedRequest): () => void {
  const key = answerKey(x, request.ruling.message.idText ?? "");
  const [oldest] = followed.keys();
  if (followed.size >= FOLLOWED_MAX && oldest !== undefined) followed.delete(oldest);
  followed.set(key, request);
  return () => {
    if (followed.get(key) === request) followed.delete(key);
  };
}

export async function cancelFollowed(x: Exchange, { method, params }: RpcMessage): Promise<void> {
  const { requestId } = params ?? {};
  // Without a session its server does not know either which client's request of that id is meant.
  if (method !== "notifications/cancelled" || requestId === undefined || x.session === null) return;
  await followed.get(answerKey(x, JSON.stringify(requestId)))?.onEnd("client_gone");
}
