/** Legacy sessions as their clients have them: sealed when they begin, and on record when they begin and end. */
import {
  eraOf,
  isProtocolVersion,
  type ProtocolVersion,
} from "#gateway/proxy/message/protocol-version.ts";
import { sealSession } from "#gateway/proxy/upstream/sealed-session.ts";
import { type ToldSession, tellSession } from "#gateway/record/tell-session.ts";
import { logError } from "#platform/log-error.ts";
import { type Exchange, sessionPlace } from "./exchange.ts";
import type { FollowedRequest } from "./followed-request.ts";
import { placeInTrace } from "./trace-place.ts";

/**
 * What the plugin calls the session stays here: the client gets an id that is its own alone. Null where the answer
 * begins none.
 */
export async function begunSession(
  x: Exchange,
  followed: readonly FollowedRequest[],
  { headers }: Response,
): Promise<string | null> {
  const upstreamId = headers.get("mcp-session-id");
  const initialize = followed.find(({ ruling }) => ruling.message.method === "initialize");
  if (upstreamId === null || initialize === undefined) return null;
  const asked = initialize.ruling.message.params?.["protocolVersion"];
  // What the server makes of it stands in its answer, which follows: no later version than was asked for.
  const version = isLegacy(asked) ? asked : "2025-03-26";
  return sealSession(x.env, sessionPlace(x), { upstreamId, version });
}

function isLegacy(asked: unknown): asked is ProtocolVersion {
  return typeof asked === "string" && isProtocolVersion(asked) && eraOf(asked) === "legacy";
}

/** After the answer: that it cannot be recorded costs nobody his session. */
export function recordSession(x: Exchange, action: ToldSession["action"], sessionId: string): void {
  const { env, ctx, org } = x;
  const telling = toldSession(x, action, sessionId).then((told) => tellSession(env, org, told));
  ctx.waitUntil(telling.catch((error: unknown) => logError(error, { org: org.org, job: action })));
}

async function toldSession(
  x: Exchange,
  action: ToldSession["action"],
  sessionId: string,
): Promise<ToldSession> {
  const { actor, tokenId } = x.caller;
  const { workspace, plugin } = x.plugin;
  const { traceId } = await placeInTrace(x);
  const { httpRequestId } = x;
  const atMs = Date.now();
  return { action, sessionId, actor, tokenId, workspace, plugin, traceId, httpRequestId, atMs };
}
