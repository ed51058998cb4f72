/** When the oldest call arrived that waits: figures that are counted of samples are without it until then. */
const SELECT_OLDEST =
  "SELECT received_ms AS sinceMs FROM waiting_calls WHERE org = ?1 ORDER BY id LIMIT 1";

/** Null where none waits. */
export function findWaitingSince(db: D1Database, org: string): Promise<number | null> {
  return db.prepare(SELECT_OLDEST).bind(org).first<number>("sinceMs");
}
