/**
 * Erasures of payloads, in SQL alone: what is erased from a row that others share is overwritten there by one
 * statement, so that none of two at once brings back what the other erased.
 */
import { hasPayload } from "#calls/store/shard-schema.ts";
import { uncountRows } from "#orgs/store/counted-rows.ts";
import type { OperatorAction } from "#orgs/store/operator-actions.ts";
import { PIECE_PATH } from "./find-payload.ts";
import { COUNTED_PAYLOADS, PAYLOAD_ROW_BYTES } from "./payload-bytes.ts";

/** What is to be erased, and how far that has come. */
export interface Erasure {
  readonly deed: OperatorAction;
  /** Whose payloads; null where it is the one call's. */
  readonly actor: string | null;
  readonly invocation: string | null;
  /** Samples up to this one were looked at. */
  readonly afterId: string;
  readonly erased: number;
  /** Of an actor's, when calls that were told of late are looked for; null before all others were. */
  readonly againMs: number | null;
}

const INSERT = `INSERT INTO payload_erasures (org, id, deed, actor, invocation)
  SELECT ?1, ?3, ?4, ?5, ?6
  WHERE EXISTS (SELECT 1 FROM orgs WHERE org = ?1 AND generation = ?2 AND state = 'active')
  ON CONFLICT DO NOTHING`;

/** False where the org is gone. */
export async function insertErasure(
  db: D1Database,
  generation: number,
  { deed, actor, invocation }: Pick<Erasure, "deed" | "actor" | "invocation">,
): Promise<boolean> {
  const values = [deed.org, generation, deed.id, JSON.stringify(deed), actor, invocation];
  const { meta } = await db
    .prepare(INSERT)
    .bind(...values)
    .run();
  return meta.changes > 0;
}

type ErasureRow = Omit<Erasure, "deed"> & { deed: string };
const SELECT = `SELECT deed, actor, invocation, after_id AS afterId, erased,
    again_ms AS againMs FROM payload_erasures`;

/** Those that are to be gone on with, of all orgs of the shard in the order of their names: those behind that place. */
export async function findErasures(
  db: D1Database,
  after: readonly [org: string, id: string],
  { limit, nowMs }: { limit: number; nowMs: number },
): Promise<Erasure[]> {
  const { results } = await db
    .prepare(
      `${SELECT} WHERE (org, id) > (?1, ?2) AND coalesce(again_ms, 0) <= ?4 ORDER BY org, id LIMIT ?3`,
    )
    .bind(...after, limit, nowMs)
    .all<ErasureRow>();
  return results.map(({ deed, ...row }) => ({ ...row, deed: JSON.parse(deed) }));
}

export async function endErasure(db: D1Database, { deed }: Pick<Erasure, "deed">): Promise<void> {
  await db
    .prepare("DELETE FROM payload_erasures WHERE org = ?1 AND id = ?2")
    .bind(deed.org, deed.id)
    .run();
}

/** An actor's is gone through once more, from behind an id on. */
export async function repeatErasure(
  db: D1Database,
  { deed }: Pick<Erasure, "deed">,
  { afterId, againMs }: { afterId: string; againMs: number },
): Promise<void> {
  await db
    .prepare(
      `UPDATE payload_erasures SET after_id = ?3, again_ms = ?4
       WHERE org = ?1 AND id = ?2 AND again_ms IS NULL`,
    )
    .bind(deed.org, deed.id, afterId, againMs)
    .run();
}

/** Of a call that both its report and another told of, two. */
const ROWS_OF_CALL = `(?2, (SELECT payload_row FROM tool_invocations WHERE org = ?1 AND id = ?2))`;
const at = (index: number) => `(pieces ->> (${PIECE_PATH} || '[${index}]'))`;
/** The bytes of a piece, as zeros; `||` makes text of its bytes, and the cast bytes of the text. */
const OVERWRITE = `UPDATE tool_invocation_payloads SET
    sealed = cast(substr(sealed, 1, ${at(0)}) || zeroblob(${at(1)} + ${at(2)})
      || substr(sealed, 1 + ${at(0)} + ${at(1)} + ${at(2)}) AS BLOB),
    pieces = json_remove(pieces, ${PIECE_PATH})
  WHERE org = ?1 AND id IN ${ROWS_OF_CALL} AND pieces -> (${PIECE_PATH}) IS NOT NULL`;

const ROWS_OF_CALLS = `SELECT value FROM json_each(?2)
  UNION SELECT payload_row FROM json_each(?2) AS j
    CROSS JOIN tool_invocations AS t ON t.org = ?1 AND t.id = j.value`;
const ARE_EMPTY = `org = ?1 AND pieces = '{}' AND id IN (${ROWS_OF_CALLS})`;
const UNCOUNT = uncountRows(COUNTED_PAYLOADS, ARE_EMPTY);
const ARE_MOVED = `org = ?1 AND moved_to IN (SELECT value FROM json_each(?2))`;
const UNCOUNT_MOVED = uncountRows(COUNTED_PAYLOADS, ARE_MOVED);
const DELETE_MOVED = `DELETE FROM tool_invocation_payloads WHERE ${ARE_MOVED}`;
const DELETE_EMPTY = `DELETE FROM tool_invocation_payloads WHERE ${ARE_EMPTY}`;
const UNNAME = `UPDATE tool_invocations SET payload_row = NULL
  WHERE org = ?1 AND id IN (SELECT value FROM json_each(?2)) AND payload_row IS NOT NULL`;

/** Stays in their place: what is sent again finds it there, and is not kept. */
const INSERT_ERASED = `INSERT INTO tool_invocation_payloads (org, id, key_version, pieces, sealed)
  SELECT ?1, value, 0, '{}', x'' FROM json_each(?2) WHERE TRUE ON CONFLICT DO NOTHING`;
const COUNT_ERASED = `UPDATE orgs SET payload_bytes = payload_bytes + changes() * ${PAYLOAD_ROW_BYTES + "{}".length}
  WHERE org = ?1 AND changes() > 0`;

/** Queries that `erasePayloads` sends besides one for each call. */
const CLEANING_QUERIES = 7;

/** In one transaction. How many were there: the first to erase one counts it. */
export async function erasePayloads(
  db: D1Database,
  org: string,
  ids: readonly string[],
): Promise<number> {
  if (ids.length === 0) return 0;
  const all = JSON.stringify(ids);
  const ofAll = (sql: string) => db.prepare(sql).bind(org, all);
  const results = await db.batch([
    ofAll(UNCOUNT_MOVED),
    ofAll(DELETE_MOVED),
    ...ids.map((id) => db.prepare(OVERWRITE).bind(org, id)),
    ...[UNCOUNT, DELETE_EMPTY, UNNAME, INSERT_ERASED].map(ofAll),
    db.prepare(COUNT_ERASED).bind(org),
  ]);
  const overwritten = results.slice(2, 2 + ids.length).filter(({ meta }) => meta.changes > 0);
  return results[1]!.meta.changes + overwritten.length;
}

/** Samples that are looked at for one page, as for a page of a list: D1 has one thread. */
const SCAN_ROWS_MAX = 20_000;
const ERASED_PER_PAGE = 50;
/** Queries that a page takes: what is on it, what is erased, and how far that came. */
export const PAGE_QUERIES = 1 + ERASED_PER_PAGE + CLEANING_QUERIES + 1;

/** The samples of an actor that have a payload, from behind an id on; `endId` is the last that was looked at. */
const SELECT_OF_ACTOR = `WITH scanned AS MATERIALIZED (
    SELECT org, id, actor, payload_row FROM tool_invocations WHERE org = ?1 AND id > ?2
      ORDER BY id LIMIT ${SCAN_ROWS_MAX}),
  found AS MATERIALIZED (SELECT s.id FROM scanned AS s WHERE s.actor = ?3 AND ${hasPayload("s")}
    ORDER BY s.id LIMIT ${ERASED_PER_PAGE})
  SELECT (SELECT json_group_array(id) FROM found) AS ids,
    iif((SELECT count(*) FROM found) = ${ERASED_PER_PAGE}, (SELECT max(id) FROM found),
      (SELECT id FROM scanned ORDER BY id LIMIT 1 OFFSET ${SCAN_ROWS_MAX - 1})) AS endId`;

export interface ActorPage {
  readonly ids: readonly string[];
  /** Null where there are no more samples. */
  readonly endId: string | null;
}

export async function findOfActor(
  db: D1Database,
  org: string,
  { actor, afterId }: { actor: string; afterId: string },
): Promise<ActorPage> {
  const row = await db
    .prepare(SELECT_OF_ACTOR)
    .bind(org, afterId, actor)
    .first<{ ids: string; endId: string | null }>();
  return { ids: JSON.parse(row?.ids ?? "[]"), endId: row?.endId ?? null };
}

/** Erasers at once look at the same samples: whoever is further stays so, and who goes through them once more. */
export async function noteProgress(
  db: D1Database,
  { deed, againMs }: Erasure,
  { afterId, erased }: { afterId: string; erased: number },
): Promise<void> {
  await db
    .prepare(
      `UPDATE payload_erasures SET after_id = max(after_id, ?3), erased = erased + ?4
       WHERE org = ?1 AND id = ?2 AND again_ms IS ?5`,
    )
    .bind(deed.org, deed.id, afterId, erased, againMs)
    .run();
}
