/** The sealed payload of a call. */
import { hasPayload } from "#calls/store/shard-schema.ts";
import { decodeHex } from "#formats/hex.ts";

export interface StoredPayload {
  readonly keyVersion: number;
  readonly request: Uint8Array | null;
  readonly response: Uint8Array | null;
}

const SELECT_HAS = `SELECT 1 FROM tool_invocations AS t
  WHERE t.org = ?1 AND t.id = ?2 AND ${hasPayload("t")}`;

export async function hasStoredPayload(db: D1Database, org: string, id: string): Promise<boolean> {
  return (await db.prepare(SELECT_HAS).bind(org, id).first()) !== null;
}

/** The row that has a call's payload: the call as ?2. */
const ROW_OF_CALL = `coalesce(
  (SELECT payload_row FROM tool_invocations WHERE org = ?1 AND id = ?2), ?2)`;

/** A call's piece of `pieces`. An id has no character that would end the text. */
export const PIECE_PATH = `'$."' || ?2 || '"'`;

const field = (offset: string, bytes: string) =>
  `nullif(lower(hex(substr(p.sealed, 1 + ${offset}, ${bytes}))), '')`;

/** As hex: D1 answers a blob as an array of numbers. */
const SELECT = `SELECT p.key_version AS keyVersion,
    ${field("p.piece ->> 0", "p.piece ->> 1")} AS request,
    ${field("(p.piece ->> 0) + (p.piece ->> 1)", "p.piece ->> 2")} AS response
  FROM (SELECT key_version, sealed, pieces -> (${PIECE_PATH}) AS piece FROM tool_invocation_payloads
    WHERE org = ?1 AND id = ${ROW_OF_CALL}) AS p
  WHERE p.piece IS NOT NULL`;

/** Null where it was erased meanwhile. */
export async function findPayload(
  db: D1Database,
  org: string,
  id: string,
): Promise<StoredPayload | null> {
  const row = await db
    .prepare(SELECT)
    .bind(org, id)
    .first<{ keyVersion: number; request: string | null; response: string | null }>();
  if (row === null) return null;
  const { keyVersion, request, response } = row;
  return { keyVersion, request: bytesOf(request), response: bytesOf(response) };
}

function bytesOf(hex: string | null): Uint8Array | null {
  return hex === null ? null : decodeHex(hex);
}
