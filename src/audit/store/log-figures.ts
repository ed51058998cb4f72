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
  /** What its key derives from, and the key itself; null before the first signature. */
  log: number;
  keyEpoch: number;
  seedVersion: number;
  seedChosen: 0 | 1;
  rotationSeedVersion: number | null;
  vkey: string | null;
}

export function selectAuditFigures(db: D1Database, org: string): D1PreparedStatement {
  return db
    .prepare(
      `SELECT tree_size AS treeSize, signed_size AS signedSize, signed_at_ms AS signedAtMs,
         scrubbed_at_ms AS scrubbedAtMs, frozen_reason IS NOT NULL AS isFrozen, bytes,
         log, key_epoch AS keyEpoch, seed_version AS seedVersion, seed_chosen AS seedChosen,
         rotation_seed_version AS rotationSeedVersion, keys ->> '$[#-1].vkey' AS vkey
       FROM audit_logs WHERE org = ?1 ORDER BY log DESC LIMIT 1`,
    )
    .bind(org);
}
