/** Which of the calls have a sample. */
import type { ReportedCalls } from "./insert-statements.ts";

/** CROSS JOIN: a key look-up an id. Left to choose, SQLite scans the org's samples for every id. */
const SELECT_PRESENT = `SELECT t.id FROM json_each(?2) j
  CROSS JOIN tool_invocations t ON t.org = ?1 AND t.id = j.value`;

export async function findPresentIds(
  db: D1Database,
  org: string,
  reports: readonly ReportedCalls[],
): Promise<Set<string>> {
  const ids = reports.flatMap(({ calls }) => calls.map(({ id }) => id));
  const { results } = await db
    .prepare(SELECT_PRESENT)
    .bind(org, JSON.stringify(ids))
    .all<{ id: string }>();
  return new Set(results.map(({ id }) => id));
}
