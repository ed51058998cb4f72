/**
 * Tells samples what they are counted under, as the fold has written it down: 1,000 at a time, for a backlog may have
 * hundreds of thousands. Idempotent, and of two at once each does what is left.
 */

/** Marks of a transaction: 5,000 samples, some 80 ms of D1's one thread. */
const MARKS_AT_ONCE = 5;

const SELECT_OLDEST = `SELECT id FROM counted_marks WHERE org = ?1 ORDER BY id LIMIT ${MARKS_AT_ONCE}`;

/** The subquery leads: a key look-up a sample. */
const MARK = `UPDATE tool_invocations
  SET counted_as = (SELECT counted_as FROM counted_marks WHERE org = ?1 AND id = ?2)
  WHERE org = ?1 AND id IN (SELECT j.value FROM counted_marks m CROSS JOIN json_each(m.ids) j
    WHERE m.org = ?1 AND m.id = ?2)`;

const DELETE_MARK = "DELETE FROM counted_marks WHERE org = ?1 AND id = ?2";

/** Queries that `markOnce` sends. */
export const MARK_QUERIES = 1 + 2 * MARKS_AT_ONCE;

/** True when none is left. */
export async function markOnce(db: D1Database, org: string): Promise<boolean> {
  const { results } = await db.prepare(SELECT_OLDEST).bind(org).all<{ id: string }>();
  if (results.length === 0) return true;
  await db.batch(
    results.flatMap(({ id }) => [
      db.prepare(MARK).bind(org, id),
      db.prepare(DELETE_MARK).bind(org, id),
    ]),
  );
  return results.length < MARKS_AT_ONCE;
}

/** For a reader who asks by what calls are counted under; what `isOver` leaves comes with the next. */
export async function markAll(db: D1Database, org: string, isOver: () => boolean): Promise<void> {
  while (!(await markOnce(db, org))) if (isOver()) return;
}
