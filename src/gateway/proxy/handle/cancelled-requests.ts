/**
 * Requests that this isolate follows, for the cancellation that a client sends by a request of its own (legacy
 * versions; since 2026-07-28 it closes the answer). One that another isolate follows ends there when its plugin
 * falls silent.
 */
import type { RpcMessage } from "#gateway/proxy/message/judge-body.ts";
import { outcomeOfEnd } from "#gateway/proxy/upstream/call-outcome.ts";
import { resumeCall } from "#gateway/record/begin-call.ts";
import { logError } from "#platform/log-error.ts";
import { answerKey } from "./call-keys.ts";
import type { Exchange } from "./exchange.ts";
import type { FollowedRequest } from "./followed-request.ts";

/** Of about 200 bytes each; who was followed longest makes room. */
const FOLLOWED_MAX = 4_096;
const followed = new Map<string, FollowedRequest>();

/** Answers what ends it. */
export function followInIsolate(x: Exchange, request: FollowedRequest): () => void {
  const key = answerKey(x, request.ruling.message.id);
  const [oldest] = followed.keys();
  if (followed.size >= FOLLOWED_MAX && oldest !== undefined) followed.delete(oldest);
  followed.set(key, request);
  return () => {
    if (followed.get(key) === request) followed.delete(key);
  };
}

export async function cancelFollowed(x: Exchange, { method, params }: RpcMessage): Promise<void> {
  const { requestId } = params ?? {};
  const isId = typeof requestId === "string" || typeof requestId === "number";
  // Without a session its server does not know either which client's request of that id is meant.
  if (method !== "notifications/cancelled" || !isId || x.session === null) return;
  const key = answerKey(x, requestId);
  const one = followed.get(key);
  if (one !== undefined) return one.onEnd("client_gone");
  x.ctx.waitUntil(
    cancelWaiting(x, key).catch((error: unknown) => logError(error, { job: method })),
  );
}

/** A call whose stream was closed before its answer. */
async function cancelWaiting(x: Exchange, key: string): Promise<void> {
  const begun = await resumeCall(x.env, x.ctx, x.org, key);
  begun?.end({ ...outcomeOfEnd("client_gone"), responseBytes: 0, endedAtMs: Date.now() });
}
