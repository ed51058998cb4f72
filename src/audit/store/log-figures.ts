/** What a scrape says of a log. */

/** The org's current log as its ledger last told: a scrape wakes no ledger. */
export interface AuditLogFigures {
  treeSize: number;
  signedSize: number;
  /** Null before the first checkpoint. */
  signedAtMs: number | null;
  /** Null before the first full pass. */
  scrubbedAtMs: number | null;
  isFrozen: 0 | 1;
  /** Null until the ledger has told. */
  bytes: number | null;
  seedVersion: number;
  rotationSeedVersion: number | null;
}

export function selectAuditFigures(db: D1Database, org: string): D1PreparedStatement {
  return db
    .prepare(
      `SELECT tree_size AS treeSize, signed_size AS signedSize, signed_at_ms AS signedAtMs,
         scrubbed_at_ms AS scrubbedAtMs, frozen_reason IS NOT NULL AS isFrozen, bytes,
         seed_version AS seedVersion, rotation_seed_version AS rotationSeedVersion
       FROM audit_logs WHERE org = ?1 ORDER BY log DESC LIMIT 1`,
    )
    .bind(org);
}
