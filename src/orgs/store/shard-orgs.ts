/**
 * The org as its shard knows it. Writes on a shard name (org, generation) and require the state
 * `active`, so none can land after a deletion or a move, however stale the caller's view.
 */

/** What a caller saw of the org; its writes hold only while that is still so. */
export interface ShardedOrg {
  org: string;
  generation: number;
}

/** Idempotent: the directory's row, written next, decides who created the org. */
export async function insertShardOrg(
  db: D1Database,
  org: string,
  generation: number,
): Promise<void> {
  await db
    .prepare("INSERT INTO orgs (org, generation) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
    .bind(org, generation)
    .run();
}

/** Stops every write to the org at once; the cron then removes its rows in bounded chunks. */
export async function deleteShardOrg(db: D1Database, org: string): Promise<void> {
  await db.prepare("UPDATE orgs SET state = 'deleted' WHERE org = ?1").bind(org).run();
}

export interface ShardOrg {
  generation: number;
  state: "active" | "deleted";
  folds: number;
  /** Up to which arrival a fold that became due is to go on. */
  foldThrough: string;
  seriesNext: number;
  prunedBeforeMs: number;
  /** Since when the shard has been too full for the org's samples and spans; null while they are taken. */
  refusedSinceMs: number | null;
}

/** Those of a `ShardOrg`. */
export const SHARD_ORG_COLUMNS = `generation, state, folds, fold_through AS foldThrough, series_next AS seriesNext,
  pruned_before_ms AS prunedBeforeMs, refused_since_ms AS refusedSinceMs`;

const SELECT_SHARD_ORG = `SELECT ${SHARD_ORG_COLUMNS} FROM orgs WHERE org = ?1`;

export function selectShardOrg(db: D1Database, org: string): D1PreparedStatement {
  return db.prepare(SELECT_SHARD_ORG).bind(org);
}

export async function findShardOrg(db: D1Database, org: string): Promise<ShardOrg | null> {
  return selectShardOrg(db, org).first<ShardOrg>();
}
