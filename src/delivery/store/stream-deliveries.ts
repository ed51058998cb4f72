/**
 * How far each org's streams have been delivered (migrations/shard/0004). Who delivers claims the row
 * first, and every later write names that claim: a deliverer that was overtaken moves nothing.
 */

import { HOUR_MS, MINUTE_MS } from "#platform/time.ts";

export type DeliveredStream = "metrics" | "audit";

export interface DeliveryState {
  stream: DeliveredStream;
  log: number;
  nextSeq: number;
  missed: number;
  retryAtMs: number;
  failures: number;
  lastError: string | null;
  deliveredAtMs: number | null;
}

export interface ClaimedDelivery {
  org: string;
  stream: DeliveredStream;
  claim: number;
  log: number;
  nextSeq: number;
  failures: number;
}

const SELECT_STATES = `SELECT stream, log, next_seq AS nextSeq, missed, retry_at_ms AS retryAtMs,
    failures, last_error AS lastError, delivered_at_ms AS deliveredAtMs
  FROM stream_deliveries WHERE org = ?1`;

export async function findDeliveries(db: D1Database, org: string): Promise<DeliveryState[]> {
  return (await db.prepare(SELECT_STATES).bind(org).all<DeliveryState>()).results;
}

/**
 * Whether a stream need not wait, at the time `now`. No claim and no receiver has it wait for longer than an
 * hour: what says so was written by a clock that was ahead, and counts for nothing.
 */
const isFree = (now: string) => `busy_until_ms NOT BETWEEN ${now} + 1 AND ${now} + ${2 * HOUR_MS}
    AND retry_at_ms NOT BETWEEN ${now} + 1 AND ${now} + ${2 * HOUR_MS}`;

/** Of these orgs, those that may be pushed to again: longest waiting first. */
const SELECT_DUE_METRICS = `SELECT wanted.value AS org FROM json_each(?1) AS wanted
  LEFT JOIN stream_deliveries AS d ON d.org = wanted.value AND d.stream = 'metrics'
  WHERE d.org IS NULL
    OR (${isFree("?2")} AND d.attempted_at_ms NOT BETWEEN ?3 + 1 AND ?2 + ${MINUTE_MS})
  ORDER BY coalesce(d.attempted_at_ms, 0)`;

/**
 * The same for audit, and only orgs that have entries which the receiver has not: an idle log costs
 * nothing.
 */
const SELECT_DUE_AUDIT = `SELECT wanted.value AS org FROM json_each(?1) AS wanted
  LEFT JOIN stream_deliveries AS d ON d.org = wanted.value AND d.stream = 'audit'
  WHERE (d.org IS NULL OR (${isFree("?2")}))
    AND EXISTS (SELECT 1 FROM audit_logs AS a
      WHERE a.org = wanted.value AND a.log >= coalesce(d.log, 1)
        AND a.tree_size > iif(a.log = coalesce(d.log, 1), coalesce(d.next_seq, 0), 0))
  ORDER BY coalesce(d.attempted_at_ms, 0)`;

export async function findDueMetrics(
  db: D1Database,
  orgs: readonly string[],
  nowMs: number,
  attemptedBeforeMs: number,
): Promise<string[]> {
  const { results } = await db
    .prepare(SELECT_DUE_METRICS)
    .bind(JSON.stringify(orgs), nowMs, attemptedBeforeMs)
    .all<{ org: string }>();
  return results.map(({ org }) => org);
}

export async function findDueAudit(
  db: D1Database,
  orgs: readonly string[],
  nowMs: number,
): Promise<string[]> {
  const { results } = await db
    .prepare(SELECT_DUE_AUDIT)
    .bind(JSON.stringify(orgs), nowMs)
    .all<{ org: string }>();
  return results.map(({ org }) => org);
}

/** Nothing is claimed of an org that is being deleted: its row would come back after it was erased. */
const CLAIM = `INSERT INTO stream_deliveries (org, stream, claim, busy_until_ms, attempted_at_ms)
  SELECT ?1, ?2, 1, ?4, ?3 FROM orgs WHERE org = ?1 AND state = 'active'
  ON CONFLICT (org, stream) DO UPDATE SET claim = claim + 1,
    busy_until_ms = excluded.busy_until_ms, attempted_at_ms = excluded.attempted_at_ms
  WHERE ${isFree("?3")}
  RETURNING org, stream, claim, log, next_seq AS nextSeq, failures`;

/** Null if someone else delivers the stream, if it has to wait, or if the org is being deleted. */
export async function claimDelivery(
  db: D1Database,
  org: string,
  stream: DeliveredStream,
  { nowMs, untilMs }: { nowMs: number; untilMs: number },
): Promise<ClaimedDelivery | null> {
  return db.prepare(CLAIM).bind(org, stream, nowMs, untilMs).first<ClaimedDelivery>();
}

export interface AuditStep {
  log: number;
  nextSeq: number;
  /** Entries that retention removed before the receiver took them. */
  missed: number;
  /** True where the receiver took entries; false where there were none for it to take. */
  isDelivered: boolean;
}

/** The cursor as it was is part of the condition: no two steps start at one place. */
const ADVANCE = `UPDATE stream_deliveries SET log = ?6, next_seq = ?7, missed = missed + ?8,
    failures = iif(?9, 0, failures), last_error = iif(?9, NULL, last_error),
    delivered_at_ms = iif(?9, ?10, delivered_at_ms)
  WHERE org = ?1 AND stream = ?2 AND claim = ?3 AND log = ?4 AND next_seq = ?5`;

/** Moves the cursor. The claim as it goes on from there; null if it was overtaken. */
export async function advanceDelivery(
  db: D1Database,
  claimed: ClaimedDelivery,
  { log, nextSeq, missed, isDelivered }: AuditStep,
  nowMs: number,
): Promise<ClaimedDelivery | null> {
  const { org, stream, claim } = claimed;
  const was = [org, stream, claim, claimed.log, claimed.nextSeq];
  const { meta } = await db
    .prepare(ADVANCE)
    .bind(...was, log, nextSeq, missed, isDelivered ? 1 : 0, nowMs)
    .run();
  if (meta.changes === 0) return null;
  return { ...claimed, log, nextSeq, failures: isDelivered ? 0 : claimed.failures };
}

/** How an attempt ended: well if `error` is null, and then nothing has to wait. */
export interface DeliveryEnd {
  error: string | null;
  retryAtMs: number;
  isDelivered: boolean;
}

const END = `UPDATE stream_deliveries SET busy_until_ms = 0, last_error = ?4, retry_at_ms = ?5,
    failures = iif(?4 IS NULL, 0, failures + 1),
    delivered_at_ms = iif(?6, ?7, delivered_at_ms)
  WHERE org = ?1 AND stream = ?2 AND claim = ?3`;

export async function endDelivery(
  db: D1Database,
  { org, stream, claim }: ClaimedDelivery,
  { error, retryAtMs, isDelivered }: DeliveryEnd,
  nowMs: number,
): Promise<void> {
  await db
    .prepare(END)
    .bind(org, stream, claim, error, retryAtMs, isDelivered ? 1 : 0, nowMs)
    .run();
}
