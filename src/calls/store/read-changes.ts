/** Whether there is anything new of an org: a look at two rows, for whoever asks every few seconds. */

export interface Changes {
  folds: number;
  /** The newest report that is not folded yet, or the oldest of those that were merged; null where all are. */
  newestArrivalMs: number | null;
  /** Its id: two may have come at the same time. */
  newestId: string | null;
}

/** In the order of their ids arrivals are in that in which they came. */
const SELECT_CHANGES = `SELECT folds,
    (SELECT json_array(id, received_ms) FROM arrivals WHERE org = ?1 ORDER BY id DESC LIMIT 1) AS newest
  FROM orgs WHERE org = ?1`;

export async function readChanges(db: D1Database, org: string): Promise<Changes> {
  const row = await db
    .prepare(SELECT_CHANGES)
    .bind(org)
    .first<{ folds: number; newest: string | null }>();
  const [newestId, newestArrivalMs] = JSON.parse(row?.newest ?? "[null, null]");
  return { folds: row?.folds ?? 0, newestArrivalMs, newestId };
}
