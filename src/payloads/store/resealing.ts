/**
 * Rows of payloads by the version of the key that they are sealed with, found in the order of their ids: an index by
 * version would cost each report a row. What comes later than the newest version is sealed with it, so that a walk over
 * all rows, which remembers how far it came, leaves none behind.
 */
import { decodeHex } from "#formats/hex.ts";
import { type Piece, parsePieces } from "./payload-rows.ts";

/** Rows that are looked at for a page, of which eight are read whole: a few MB. */
const SCAN_ROWS_MAX = 5_000;
export const RESEALED_PER_PAGE = 8;

export interface Walk {
  /** Rows up to this one are sealed with the version, or with a later one. */
  readonly afterId: string;
  readonly isDone: boolean;
}

const BEGUN: Walk = { afterId: "", isDone: false };

/** Of the walk for that version: one for another tells nothing of it. */
export async function findWalk(db: D1Database, org: string, version: number): Promise<Walk> {
  const row = await db
    .prepare(
      `SELECT after_id AS afterId, is_done AS isDone FROM payload_resealings
       WHERE org = ?1 AND key_version = ?2`,
    )
    .bind(org, version)
    .first<{ afterId: string; isDone: number }>();
  return row === null ? BEGUN : { afterId: row.afterId, isDone: row.isDone === 1 };
}

/** Of two at once whoever is further stays so. */
const NOTE_WALK = `INSERT INTO payload_resealings (org, key_version, after_id, is_done) VALUES (?1, ?2, ?3, ?4)
  ON CONFLICT (org, key_version) DO UPDATE SET
    after_id = max(after_id, excluded.after_id), is_done = max(is_done, excluded.is_done)`;

export interface EarlierRow {
  readonly id: string;
  readonly keyVersion: number;
  /** As it was read: the row is replaced only while it is that. */
  readonly piecesText: string;
  readonly pieces: Readonly<Record<string, Piece>>;
  readonly sealed: Uint8Array;
}

export interface EarlierPage {
  readonly rows: readonly EarlierRow[];
  /** The last that was looked at; null where there are no more. */
  readonly endId: string | null;
}

const SELECT_PAGE = `WITH scanned AS MATERIALIZED (
    SELECT id, key_version, moved_to FROM tool_invocation_payloads WHERE org = ?1 AND id > ?2
      ORDER BY id LIMIT ${SCAN_ROWS_MAX}),
  found AS MATERIALIZED (SELECT id FROM scanned WHERE key_version > 0 AND key_version < ?3
      AND moved_to IS NULL
    ORDER BY id LIMIT ${RESEALED_PER_PAGE})
  SELECT iif((SELECT count(*) FROM found) = ${RESEALED_PER_PAGE}, (SELECT max(id) FROM found),
      (SELECT id FROM scanned ORDER BY id LIMIT 1 OFFSET ${SCAN_ROWS_MAX - 1})) AS endId,
    p.id, p.key_version AS keyVersion, p.pieces, lower(hex(p.sealed)) AS sealed
  FROM (SELECT 1) LEFT JOIN found ON true
    LEFT JOIN tool_invocation_payloads AS p ON p.org = ?1 AND p.id = found.id`;

interface ResealedPageRow {
  readonly endId: string | null;
  readonly id: string | null;
  readonly keyVersion: number;
  readonly pieces: string;
  readonly sealed: string;
}

/** The next rows that are sealed with a version before that one. */
export async function findEarlierRows(
  db: D1Database,
  org: string,
  afterId: string,
  version: number,
): Promise<EarlierPage> {
  const { results } = await db
    .prepare(SELECT_PAGE)
    .bind(org, afterId, version)
    .all<ResealedPageRow>();
  const rows = results.flatMap(({ id, keyVersion, pieces, sealed }) =>
    id === null
      ? []
      : [
          {
            ...{ id, keyVersion, piecesText: pieces, pieces: parsePieces(pieces) },
            sealed: decodeHex(sealed) ?? new Uint8Array(0),
          },
        ],
  );
  return { rows, endId: results[0]?.endId ?? null };
}

export interface ResealedRow extends EarlierRow {
  readonly resealed: { readonly pieces: object; readonly sealed: Uint8Array };
}

/** A row that somebody erased from meanwhile stays as it is. */
const REPLACE = `UPDATE tool_invocation_payloads SET key_version = ?4, pieces = ?5, sealed = ?6
  WHERE org = ?1 AND id = ?2 AND pieces = ?3 AND key_version < ?4 AND moved_to IS NULL`;

/** False where a row was not what it was: the page is to be looked at again. */
export async function replaceRows(
  db: D1Database,
  org: string,
  version: number,
  rows: readonly ResealedRow[],
): Promise<boolean> {
  if (rows.length === 0) return true;
  const results = await db.batch(
    rows.map(({ id, piecesText, resealed: { pieces, sealed } }) =>
      db.prepare(REPLACE).bind(org, id, piecesText, version, JSON.stringify(pieces), sealed),
    ),
  );
  return results.every(({ meta }) => meta.changes > 0);
}

export async function noteWalk(
  db: D1Database,
  org: string,
  version: number,
  { afterId, isDone }: Walk,
): Promise<void> {
  await db
    .prepare(NOTE_WALK)
    .bind(org, version, afterId, isDone ? 1 : 0)
    .run();
}

const COUNTED_MAX = 20_000;
const COUNT = `SELECT key_version AS version, count(*) AS rows FROM (
    SELECT key_version FROM tool_invocation_payloads WHERE org = ?1 ORDER BY id LIMIT ${COUNTED_MAX})
  GROUP BY key_version`;

/** Of the oldest rows: `isAll` where these are all of them. */
export async function countByVersion(
  db: D1Database,
  org: string,
): Promise<{ counts: Map<number, number>; isAll: boolean }> {
  const { results } = await db.prepare(COUNT).bind(org).all<{ version: number; rows: number }>();
  const counts = new Map(results.map(({ version, rows }) => [version, rows]));
  const total = results.reduce((sum, { rows }) => sum + rows, 0);
  // Of what was erased.
  counts.delete(0);
  return { counts, isAll: total < COUNTED_MAX };
}
