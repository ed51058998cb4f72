/** Rows of an org whose bytes the shard's org row counts (src/orgs/space/counted-bytes.ts), in, out and by age. */
import { uuid7LowerBound } from "#formats/uuid7.ts";
import { countedBytes } from "#orgs/space/counted-bytes.ts";

export interface CountedTable {
  readonly table: string;
  /** The column of `orgs` that has their sum. */
  readonly counter: "span_bytes" | "payload_bytes";
  /** The bytes of a row: an SQL expression. */
  readonly rowBytes: string;
}

/** A row's insertion, and what counts its bytes if it was one: most small rows are not counted, for others that are. */
export function insertCounted(
  db: D1Database,
  { org, bytes }: { org: string; bytes: number },
  { counter }: CountedTable,
  insert: D1PreparedStatement,
): D1PreparedStatement[] {
  const counted = countedBytes(bytes, Math.random());
  if (counted === 0) return [insert];
  const count = `UPDATE orgs SET ${counter} = ${counter} + ?2 WHERE org = ?1 AND changes() > 0`;
  return [insert, db.prepare(count).bind(org, counted)];
}

/** Takes off what rows have that go in the same transaction: not written where there is nothing to take off. */
export function uncountRows({ table, counter, rowBytes }: CountedTable, doomed: string): string {
  return `UPDATE orgs SET ${counter} = max(0, ${counter} - doomed.bytes)
    FROM (SELECT sum(bytes) AS bytes FROM (SELECT ${rowBytes} AS bytes FROM ${table} WHERE ${doomed})) AS doomed
    WHERE org = ?1 AND doomed.bytes > 0`;
}

export async function findCountedBytes(
  db: D1Database,
  org: string,
  { counter }: CountedTable,
): Promise<number> {
  const select = `SELECT ${counter} AS bytes FROM orgs WHERE org = ?1`;
  return (await db.prepare(select).bind(org).first<number>("bytes")) ?? 0;
}

/** Queries that `pruneRowsOnce` sends. */
export const PRUNE_ROWS_QUERIES = 2;

/**
 * One chunk of the rows whose ids are of a time before `beforeMs`, and that may go: in one transaction. True when
 * none is left that may.
 */
export async function pruneRowsOnce(
  db: D1Database,
  { org, beforeMs }: { org: string; beforeMs: number },
  rows: CountedTable,
  { rowsMax, mayGo = "TRUE" }: { rowsMax: number; mayGo?: string },
): Promise<boolean> {
  const doomed = `org = ?1 AND id < ?2 AND ${mayGo} ORDER BY id LIMIT ${rowsMax}`;
  const remove = `DELETE FROM ${rows.table}
    WHERE org = ?1 AND id IN (SELECT id FROM ${rows.table} WHERE ${doomed})`;
  const before = uuid7LowerBound(beforeMs);
  const [, deleted] = await db.batch([
    db.prepare(uncountRows(rows, doomed)).bind(org, before),
    db.prepare(remove).bind(org, before),
  ]);
  return (deleted?.meta.changes ?? 0) < rowsMax;
}
