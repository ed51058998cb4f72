/** Which logs have entries that may have expired, as D1 was told, and which have nothing left. */
import type { LogKey } from "./audit-logs.ts";

/**
 * Logs of an org in which nothing but what the ledger says of itself is left, last signed before that time.
 */
export async function findEmptiedLogs(
  db: D1Database,
  org: string,
  beforeMs: number,
): Promise<LogKey[]> {
  const { results } = await db
    .prepare(
      `SELECT org, log FROM audit_logs
       WHERE org = ?1 AND oldest_at_ms IS NULL AND signed_at_ms < ?2 AND signed_size = tree_size`,
    )
    .bind(org, beforeMs)
    .all<LogKey>();
  return results;
}

/** Called once the log's ledger is no more. */
export async function deleteAuditLog(db: D1Database, { org, log }: LogKey): Promise<void> {
  await db.prepare("DELETE FROM audit_logs WHERE org = ?1 AND log = ?2").bind(org, log).run();
}

/** The oldest entry of a log that pruning may start with: when it was recorded, what was promised to it. */
export type ExpiringLog = LogKey & { oldestAtMs: number; keptDays: number };

/** Of each log of these orgs. A log without any, or a frozen one, is left out. */
export async function findOldestEntries(
  db: D1Database,
  orgs: readonly string[],
): Promise<ExpiringLog[]> {
  const { results } = await db
    .prepare(
      `SELECT org, log, oldest_at_ms AS oldestAtMs, kept_days AS keptDays FROM json_each(?1) AS wanted
       CROSS JOIN audit_logs ON org = wanted.value
       WHERE oldest_at_ms IS NOT NULL AND frozen_reason IS NULL`,
    )
    .bind(JSON.stringify(orgs))
    .all<ExpiringLog>();
  return results;
}
