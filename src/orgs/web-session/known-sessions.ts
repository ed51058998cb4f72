/**
 * Sessions as requests look them up: through a cache of 30 s in the isolate, as tokens are, so that one that was
 * signed out is dead within 30 s everywhere and at once where it was signed out.
 */
import { findWebSession, seeWebSession } from "#orgs/store/web-session-rows.ts";
import type { Env } from "#platform/env.ts";
import { ExpiringMap } from "#platform/expiring-map.ts";
import { isSessionAlive, isUseToBeWritten, sessionDigest, type WebSession } from "./web-session.ts";

const sessions = new ExpiringMap<WebSession>({ ttlMs: 30_000, entriesMax: 4_096 });

export interface SessionMoment {
  readonly nowMs: number;
  /** The page asks by itself, whether or not anybody is there: that keeps no session alive. */
  readonly isPoll: boolean;
}

/** Null where the secret is nobody's, or its session has ended. */
export async function useSession(
  env: Env,
  secret: string,
  { nowMs, isPoll }: SessionMoment,
): Promise<WebSession | null> {
  const digest = sessionDigest(secret);
  if (digest === null) return null;
  const load = () => findWebSession(env.DIRECTORY, digest);
  let session = await sessions.getOrLoad(digest, nowMs, load);
  if (session !== null && !isSessionAlive(session, nowMs)) {
    // It may have been used elsewhere since.
    sessions.evict(digest);
    session = await sessions.getOrLoad(digest, nowMs, load);
  }
  if (session === null || !isSessionAlive(session, nowMs)) return null;
  if (isPoll || !isUseToBeWritten(session, nowMs)) return session;
  sessions.evict(digest);
  const see = () => seeWebSession(env.DIRECTORY, digest, nowMs);
  const seen = await sessions.getOrLoad(digest, nowMs, see);
  return seen !== null && isSessionAlive(seen, nowMs) ? seen : null;
}

export function forgetSession(digest: string): void {
  sessions.evict(digest);
}
