/** Where each job stopped (migrations/shard/0005). */

/** Where each job stopped, by its name; a job that is to begin at the head of its list has no cursor. */
export async function findJobCursors(db: D1Database): Promise<ReadonlyMap<string, string>> {
  const { results } = await db
    .prepare("SELECT job, after FROM job_cursors")
    .all<{ job: string; after: string }>();
  return new Map(results.map(({ job, after }) => [job, after]));
}

/**
 * Of two ticks at once the later one's cursor stays: either way the next tick goes on
 * where one of them stopped.
 */
export async function moveJobCursor(
  db: D1Database,
  job: string,
  after: string | null,
): Promise<void> {
  if (after === null) {
    await db.prepare("DELETE FROM job_cursors WHERE job = ?1").bind(job).run();
    return;
  }
  await db
    .prepare(
      `INSERT INTO job_cursors (job, after) VALUES (?1, ?2)
       ON CONFLICT (job) DO UPDATE SET after = excluded.after`,
    )
    .bind(job, after)
    .run();
}
