/**
 * The time before which an org's samples are refused, since samples of it were pruned: a sample that was
 * counted and deleted must not be counted again. A clock that was ahead puts the mark ahead too, and then it
 * refuses what nobody has ever sent.
 */
import { uuid7LowerBound, uuid7TimeMs } from "#formats/uuid7.ts";
import { RETENTION_BOUNDS, type Retention } from "#orgs/retention.ts";
import { HOUR_MS } from "#platform/time.ts";

/** A mark, and where it may come down to. */
export interface MarkCorrection {
  readonly fromMs: number;
  readonly toMs: number;
}

interface PrunedMark {
  prunedBeforeMs: number;
  newestPrunedId: string | null;
}

const SELECT = `SELECT pruned_before_ms AS prunedBeforeMs, newest_pruned_id AS newestPrunedId
  FROM orgs WHERE org = ?1`;

/**
 * Null where there is nothing to correct. By a true clock the mark is never younger than the shortest
 * retention. It comes down to where the org's own retention ends, and no further than to behind the newest
 * sample that was really pruned: all that were counted and deleted lie before it, so that none of them can be
 * taken a second time. Samples between there and now that the org has are found by their keys, as ever. Where
 * samples of a time that is yet to come were pruned, that leaves the mark ahead: being exact comes first.
 */
export async function findMarkCorrection(
  db: D1Database,
  { org, retention }: { org: string; retention: Retention },
  nowMs: number,
): Promise<MarkCorrection | null> {
  const mark = await db.prepare(SELECT).bind(org).first<PrunedMark>();
  const { prunedBeforeMs: fromMs = 0, newestPrunedId = null } = mark ?? {};
  if (fromMs <= nowMs - RETENTION_BOUNDS.samplesHours.min * HOUR_MS) return null;
  const afterPrunedMs = newestPrunedId === null ? 0 : uuid7TimeMs(newestPrunedId) + 1;
  const toMs = Math.max(nowMs - retention.samplesHours * HOUR_MS, afterPrunedMs);
  return toMs < fromMs ? { fromMs, toMs } : null;
}

/** What was pruned lies before the mark as it becomes, whatever was pruned meanwhile. */
const LOWER = `UPDATE orgs SET pruned_before_ms = ?3
  WHERE org = ?1 AND pruned_before_ms = ?2 AND coalesce(newest_pruned_id, '') < ?4`;

/** False if samples were pruned since the correction was found. */
export async function correctMark(
  db: D1Database,
  org: string,
  { fromMs, toMs }: MarkCorrection,
): Promise<boolean> {
  const { meta } = await db.prepare(LOWER).bind(org, fromMs, toMs, uuid7LowerBound(toMs)).run();
  return meta.changes > 0;
}
