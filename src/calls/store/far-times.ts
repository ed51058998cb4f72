/**
 * When a series or an instance was last seen, where a clock that was ahead has written a time that is yet to come:
 * the instance would be online, and the series stay in the exposition, until that time. What reports again is put
 * right by the fold; the rest is set back to now, once the clock is to be trusted again.
 */
import { MINUTE_MS } from "#platform/time.ts";

/** How far two machines' clocks differ: no more than that is a time that is yet to come. */
export const SEEN_AHEAD_MS_MAX = MINUTE_MS;

/** Rows of `series` that a statement sets back: tens of milliseconds of D1's one thread. */
const ROWS_MAX = 5_000;

/** Null, and so no row is looked at, unless the fold has written at such a time. */
const FAR_ORG = "(SELECT org FROM orgs WHERE org = ?1 AND seen_until_ms > ?3)";

/** When it began is not known then; a zero told for that time, once it has come, would read as a reset. */
const CREATED_BEFORE = "created_ms = iif(created_ms > ?3, NULL, created_ms)";

const SET_SERIES_BACK = `UPDATE series SET last_seen_ms = ?2, ${CREATED_BEFORE}
  WHERE org = ${FAR_ORG} AND series IN (SELECT series FROM series
    WHERE org = ${FAR_ORG} AND last_seen_ms > ?3 LIMIT ${ROWS_MAX})`;

const SET_INSTANCES_BACK = `UPDATE instances SET last_report_ms = ?2, ${CREATED_BEFORE}
  WHERE org = ${FAR_ORG} AND last_report_ms > ?3`;

const SET_ORG_BACK = `UPDATE orgs SET seen_until_ms = ?2
  WHERE org = ${FAR_ORG} AND NOT EXISTS (SELECT 1 FROM series WHERE org = ?1 AND last_seen_ms > ?3)`;

export const SET_BACK_QUERIES = 3;

/** One bounded chunk, in one transaction. True when nothing is left that is further ahead than that. */
export async function setBackOnce(
  db: D1Database,
  org: string,
  { nowMs, aheadMsMax }: { nowMs: number; aheadMsMax: number },
): Promise<boolean> {
  const [series] = await db.batch(
    [SET_SERIES_BACK, SET_INSTANCES_BACK, SET_ORG_BACK].map((sql) =>
      db.prepare(sql).bind(org, nowMs, nowMs + aheadMsMax),
    ),
  );
  return (series?.meta.changes ?? 0) < ROWS_MAX;
}

/** All of them at once, for who knows that the clock is right. */
export async function setBackFarTimes(db: D1Database, org: string, nowMs: number): Promise<void> {
  const bounds = { nowMs, aheadMsMax: SEEN_AHEAD_MS_MAX };
  for (;;) if (await setBackOnce(db, org, bounds)) return;
}
