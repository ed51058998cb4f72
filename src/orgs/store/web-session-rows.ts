/** Sessions of the dashboard. The secret in a cookie is never here, and no row says what one may do. */

import { IDLE_MS, SEEN_EVERY_MS, type WebSession } from "#orgs/web-session/web-session.ts";
import { changedByFirst } from "#platform/d1/batch.ts";
import { type OperatorAction, recordOperatorAction } from "./operator-actions.ts";

const INSERT = `INSERT INTO web_sessions (digest, org, token_id, credential_mac,
    created_at_ms, last_seen_at_ms, ends_at_ms, expires_at_ms)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
  WHERE ?3 IS NULL OR EXISTS (
    SELECT 1 FROM service_tokens AS t JOIN orgs AS o ON o.org = t.org
    WHERE t.id = ?3 AND t.org = ?2 AND t.revoked_at_ms IS NULL
      AND (t.expires_at_ms IS NULL OR t.expires_at_ms > ?5) AND o.state = 'active')`;

/** False where the token was revoked, or its org closed, since it was looked up. */
export function insertWebSession(
  directory: D1Database,
  session: WebSession,
  action: OperatorAction,
): Promise<boolean> {
  const insert = directory
    .prepare(INSERT)
    .bind(
      session.digest,
      session.org,
      session.tokenId,
      session.credentialMac,
      session.createdAtMs,
      session.lastSeenAtMs,
      session.endsAtMs,
      session.expiresAtMs,
    );
  return changedByFirst(directory, [insert, recordOperatorAction(directory, action)]);
}

const COLUMNS = `digest, org, token_id AS tokenId, credential_mac AS credentialMac,
  created_at_ms AS createdAtMs, last_seen_at_ms AS lastSeenAtMs, ends_at_ms AS endsAtMs,
  expires_at_ms AS expiresAtMs`;
const SELECT = `SELECT ${COLUMNS} FROM web_sessions WHERE digest = ?1`;

/** Whether it still lives is for whoever uses it to say. */
export function findWebSession(directory: D1Database, digest: string): Promise<WebSession | null> {
  return directory.prepare(SELECT).bind(digest).first<WebSession>();
}

/** Of uses at the same time one is written. None brings back what has ended. */
const SEE = `UPDATE web_sessions
  SET last_seen_at_ms = ?2, ends_at_ms = min(?2 + ${IDLE_MS}, expires_at_ms)
  WHERE digest = ?1 AND ends_at_ms > ?2 AND last_seen_at_ms <= ?2 - ${SEEN_EVERY_MS}`;

/** Writes down that it is used now. The session as it is then; null if there is none any more. */
export async function seeWebSession(
  directory: D1Database,
  digest: string,
  nowMs: number,
): Promise<WebSession | null> {
  const [, found] = await directory.batch<WebSession>([
    directory.prepare(SEE).bind(digest, nowMs),
    directory.prepare(SELECT).bind(digest),
  ]);
  return found?.results[0] ?? null;
}

/** True for one of any number of concurrent calls. */
export function deleteWebSession(
  directory: D1Database,
  digest: string,
  action: OperatorAction,
): Promise<boolean> {
  const remove = directory.prepare("DELETE FROM web_sessions WHERE digest = ?1").bind(digest);
  return changedByFirst(directory, [remove, recordOperatorAction(directory, action)]);
}

/** Why a session came to its end by itself. */
export type SessionEnd = "idle" | "expired" | "revoked";

export interface EndedSession {
  readonly digest: string;
  readonly org: string | null;
  readonly reason: SessionEnd;
}

const SELECT_ENDED = `SELECT s.digest, s.org,
    CASE WHEN t.revoked_at_ms IS NOT NULL THEN 'revoked'
      WHEN s.ends_at_ms >= s.expires_at_ms THEN 'expired' ELSE 'idle' END AS reason
  FROM web_sessions AS s LEFT JOIN service_tokens AS t ON t.id = s.token_id
  WHERE s.ends_at_ms <= ?1 ORDER BY s.ends_at_ms LIMIT ?2`;

/** Those that ended longest ago first. */
export async function findEndedSessions(
  directory: D1Database,
  nowMs: number,
  limit: number,
): Promise<EndedSession[]> {
  const { results } = await directory.prepare(SELECT_ENDED).bind(nowMs, limit).all<EndedSession>();
  return results;
}

/** Removes one that has ended by then; one that was used meanwhile has not. */
export function deleteEndedSession(
  directory: D1Database,
  { digest }: Pick<EndedSession, "digest">,
  action: OperatorAction,
): Promise<boolean> {
  const remove = directory
    .prepare("DELETE FROM web_sessions WHERE digest = ?1 AND ends_at_ms <= ?2")
    .bind(digest, action.occurredAtMs);
  return changedByFirst(directory, [remove, recordOperatorAction(directory, action)]);
}
