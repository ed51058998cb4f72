/**
 * Retention. Rows leave by key range, oldest first, in bounded chunks. Totals and instances are never
 * pruned, and the fold reads nothing that is.
 */
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

const deleteRollups = (table: string, window: string) => `DELETE FROM ${table}
  WHERE org = ?1 AND (${window}, series) IN
    (SELECT ${window}, series FROM ${table} WHERE org = ?1 AND ${window} < ?2
     ORDER BY ${window} LIMIT ${PRUNE_ROWS_MAX})`;

const DELETE_HOURLY = deleteRollups("rollups_hourly", "hour");
const DELETE_DAILY = deleteRollups("rollups_daily", "day");

/** Queries that `pruneOnce` sends. */
export const PRUNE_QUERIES = 5;

/** Prunes one chunk of each kind, in one transaction. True when nothing is left to prune. */
export async function pruneOnce(
  db: D1Database,
  org: string,
  { samplesBeforeMs, hoursBefore, daysBefore }: PruneCutoffs,
): Promise<boolean> {
  const oldestKeptId = uuid7LowerBound(samplesBeforeMs);
  const results = await db.batch([
    db.prepare(RAISE_PRUNED_BEFORE).bind(org, oldestKeptId, samplesBeforeMs),
    db.prepare(DELETE_SAMPLES).bind(org, oldestKeptId),
    db.prepare(COUNT_PRUNED).bind(org),
    db.prepare(DELETE_HOURLY).bind(org, hoursBefore),
    db.prepare(DELETE_DAILY).bind(org, daysBefore),
  ]);
  const [, samples = 0, , ...rollups] = results.map(({ meta }) => meta.changes);
  return [samples, ...rollups].every((rows) => rows < PRUNE_ROWS_MAX);
}
