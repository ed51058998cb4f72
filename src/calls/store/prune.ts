/**
 * Retention. Rows leave by key range, oldest first, in bounded chunks. Totals and instances are never
 * pruned, and the fold reads nothing that is.
 */
import { type ActivityTier, MINUTES, QUARTERS } from "#calls/activity/activity-blocks.ts";
import type { PruneCutoffs } from "#calls/prune-cutoffs.ts";
import { uuid7LowerBound } from "#formats/uuid7.ts";

/** Rows a statement deletes: tens of milliseconds of D1's one thread. */
export const PRUNE_ROWS_MAX = 5_000;

/** The oldest samples, as many as a statement deletes. */
const OLDEST_SAMPLES = `SELECT id FROM tool_invocations WHERE org = ?1 AND id < ?2
  ORDER BY id LIMIT ${PRUNE_ROWS_MAX}`;

/**
 * `pruned_before_ms` is raised in the transaction that deletes: what was pruned stays refused. The newest
 * sample that goes is remembered with it, for only down to there may the mark ever come back (`lowerMark`).
 * Nothing is written where no sample is to be deleted, so that an idle org costs no row.
 */
const RAISE_PRUNED_BEFORE = `UPDATE orgs SET pruned_before_ms = max(pruned_before_ms, ?3),
    newest_pruned_id = max(coalesce(newest_pruned_id, ''), (SELECT max(id) FROM (${OLDEST_SAMPLES})))
  WHERE org = ?1 AND EXISTS (SELECT 1 FROM tool_invocations WHERE org = ?1 AND id < ?2)`;

const DELETE_SAMPLES = `DELETE FROM tool_invocations WHERE org = ?1 AND id IN (${OLDEST_SAMPLES})`;

/** Of the samples deleted right before: how many there are follows from how many there were (sizes.ts). */
const COUNT_PRUNED = `UPDATE orgs SET samples_pruned = samples_pruned + changes()
  WHERE org = ?1 AND changes() > 0`;

/** Rows of activity are tens of pages each, where an org is busy. */
export const PRUNE_ACTIVITY_ROWS_MAX = 1_000;

const deleteWindows = (
  table: string,
  window: string,
  member: string,
  rowsMax: number,
) => `DELETE FROM ${table}
  WHERE org = ?1 AND (${window}, ${member}) IN
    (SELECT ${window}, ${member} FROM ${table} WHERE org = ?1 AND ${window} < ?2
     ORDER BY ${window} LIMIT ${rowsMax})`;

const DELETE_HOURLY = deleteWindows("rollups_hourly", "hour", "series", PRUNE_ROWS_MAX);
const DELETE_DAILY = deleteWindows("rollups_daily", "day", "series", PRUNE_ROWS_MAX);
const deleteActivity = ({ table, window }: ActivityTier) =>
  deleteWindows(table, window, "block", PRUNE_ACTIVITY_ROWS_MAX);

/** Queries that `pruneOnce` sends. */
export const PRUNE_QUERIES = 7;

/** Prunes one chunk of each kind, in one transaction. True when nothing is left to prune. */
export async function pruneOnce(
  db: D1Database,
  org: string,
  cutoffs: PruneCutoffs,
): Promise<boolean> {
  const { samplesBeforeMs, hoursBefore, daysBefore, minutesBefore, quartersBefore } = cutoffs;
  const oldestKeptId = uuid7LowerBound(samplesBeforeMs);
  const results = await db.batch([
    db.prepare(RAISE_PRUNED_BEFORE).bind(org, oldestKeptId, samplesBeforeMs),
    db.prepare(DELETE_SAMPLES).bind(org, oldestKeptId),
    db.prepare(COUNT_PRUNED).bind(org),
    db.prepare(DELETE_HOURLY).bind(org, hoursBefore),
    db.prepare(DELETE_DAILY).bind(org, daysBefore),
    db.prepare(deleteActivity(MINUTES)).bind(org, minutesBefore),
    db.prepare(deleteActivity(QUARTERS)).bind(org, quartersBefore),
  ]);
  const [, samples = 0, , hours = 0, days = 0, ...activity] = results.map(
    ({ meta }) => meta.changes,
  );
  return (
    [samples, hours, days].every((rows) => rows < PRUNE_ROWS_MAX) &&
    activity.every((rows) => rows < PRUNE_ACTIVITY_ROWS_MAX)
  );
}
