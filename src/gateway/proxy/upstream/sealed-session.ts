/**
 * The `mcp-session-id`s that clients see. A plugin's own id never leaves: it is sealed, with the version that was
 * negotiated, into one of ours, which opens for the principal that opened the session and for no other, on that
 * plugin alone. So sessions need no store, and an id is no credential.
 *
 * Base 64 and dots: visible ASCII, as an id has to be (MCP 2025-11-25, Session Management).
 */
import {
  isProtocolVersion,
  type ProtocolVersion,
} from "#gateway/proxy/message/protocol-version.ts";
import type { Env } from "#platform/env.ts";
import { derivedSeal } from "#vault/derived-seal.ts";

/** What a session belongs to. `principalKey` is the caller's. */
export interface SessionPlace {
  readonly org: string;
  readonly workspace: string;
  readonly plugin: string;
  readonly principalKey: string;
}

export interface UpstreamSession {
  readonly upstreamId: string;
  readonly version: ProtocolVersion;
}

/**
 * The official SDKs' ids are UUIDs, others' are tokens of some 1,000 characters. Sealed, this many are 2,800, of
 * the 16 KiB that servers take as headers (Node's default).
 */
const UPSTREAM_ID_LENGTH_MAX = 2_048;
const SEALED_LENGTH_MAX = 3_072;
const VISIBLE_ASCII = /^[\x21-\x7e]+$/;

/** Whether a plugin's session id is one that MCP permits, and no longer than is taken. */
export function isSessionId(id: string): boolean {
  return id.length <= UPSTREAM_ID_LENGTH_MAX && VISIBLE_ASCII.test(id);
}

/** `upstreamId` has to be one that `isSessionId` takes, as those of `sendUpstream`'s answers are. */
export async function sealSession(
  env: Env,
  place: SessionPlace,
  { upstreamId, version }: UpstreamSession,
): Promise<string> {
  if (!isSessionId(upstreamId)) throw new RangeError("the upstream's session id is not one");
  return sessionSeal(env, place).close(JSON.stringify([version, upstreamId]), placeOf(place));
}

/** Null where the id is not ours, was altered, or is of another caller, plugin, workspace or org. */
export async function openSession(
  env: Env,
  place: SessionPlace,
  id: string,
): Promise<UpstreamSession | null> {
  if (id.length > SEALED_LENGTH_MAX) return null;
  try {
    return sessionOf(await sessionSeal(env, place).open(id, placeOf(place)));
  } catch {
    return null;
  }
}

function sessionSeal(env: Env, { org }: SessionPlace) {
  return derivedSeal(env, "gatewaySession", org);
}

function sessionOf(text: string): UpstreamSession | null {
  const [version, upstreamId] = JSON.parse(text) as [string, string];
  return isProtocolVersion(version) ? { version, upstreamId } : null;
}

function placeOf({ workspace, plugin, principalKey }: SessionPlace): readonly string[] {
  return [workspace, plugin, principalKey];
}
