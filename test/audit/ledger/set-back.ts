/**
 * Past states, as a restored backup or an intruder with the database leaves them: the triggers that are
 * in the way are dropped first and put back after.
 */
import type { LogAddress } from "#audit/audit-log.ts";
import { completeLeafTile } from "#audit/ledger/proven/tree.ts";
import type { AuditLogRow } from "#audit/store/audit-logs.ts";
import { decodeHex } from "#formats/hex.ts";
import { entryHash, GENESIS_HASH } from "#formats/ledger/entry.ts";
import { leafHash } from "#formats/tlog/merkle-hash.ts";
import { workerEnv } from "../../harness/deployment.ts";
import { inLedger } from "./test-log.ts";

/** D1's record of a log as it once was. */
export async function restoreRow(row: AuditLogRow): Promise<void> {
  const db = workerEnv.SHARD_0;
  const trigger = "audit_logs_never_go_back";
  const { sql } = (await db
    .prepare("SELECT sql FROM sqlite_schema WHERE name = ?1")
    .bind(trigger)
    .first<{ sql: string }>())!;
  const restore = `UPDATE audit_logs SET tree_size = ?3, signed_size = ?4, signed_root = ?5,
    checkpoint = ?6, published_size = ?7, key_epoch = ?8, keys = ?9 WHERE org = ?1 AND log = ?2`;
  await db.batch([
    db.prepare(`DROP TRIGGER ${trigger}`),
    db
      .prepare(restore)
      .bind(
        row.org,
        row.log,
        row.treeSize,
        row.signedSize,
        row.signedRoot,
        row.checkpoint,
        row.publishedSize,
        row.keyEpoch,
        JSON.stringify(row.keys),
      ),
    db.prepare(sql),
  ]);
}

/** The ledger as it was when it had `size` entries (of fewer than 256), and that much published. */
export function truncateLedger(
  log: LogAddress,
  { size, publishedSize }: { size: number; publishedSize: number },
): Promise<void> {
  return inLedger(log, (sql) =>
    withoutTriggers(sql, () => {
      sql.exec("DELETE FROM entries WHERE seq >= ?", size);
      if (publishedSize === 0) {
        sql.exec("UPDATE log SET published_size = 0, checkpoint = NULL, published_at_ms = NULL");
      }
      sql.exec("UPDATE log SET tree_size = ?1, told_size = min(told_size, ?1)", size);
    }),
  );
}

/** One entry made to say something else; every hash after it, and the tree, made to fit. */
export function rewriteEntries(
  log: LogAddress,
  { seq, from, to }: { seq: number; from: string; to: string },
): Promise<void> {
  return inLedger(log, (sql) =>
    withoutTriggers(sql, () => {
      const rows = sql.exec<{ body: string }>("SELECT body FROM entries ORDER BY seq").toArray();
      sql.exec("DELETE FROM entries");
      sql.exec("DELETE FROM tiles");
      let previous = GENESIS_HASH;
      for (const [at, { body }] of rows.entries()) {
        const said = at === seq ? body.replace(from, to) : body;
        previous = insertAfter(sql, previous, { seq: at, body: said });
      }
    }),
  );
}

function insertAfter(
  sql: SqlStorage,
  previous: string,
  { seq, body }: { seq: number; body: string },
): string {
  const chained = body.replace(/"previous_hash":"[0-9a-f]{64}"/, `"previous_hash":"${previous}"`);
  const bytes = new TextEncoder().encode(chained);
  const hash = entryHash(bytes);
  sql.exec(
    "INSERT INTO entries (seq, body, hash, previous_hash, leaf, begins_append) VALUES (?, ?, ?, ?, ?, 1)",
    seq,
    chained,
    decodeHex(hash),
    decodeHex(previous),
    leafHash(bytes),
  );
  if ((seq + 1) % 256 === 0) completeLeafTile(sql, (seq + 1) / 256 - 1);
  return hash;
}

function withoutTriggers(sql: SqlStorage, work: () => void): void {
  const query = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'";
  const triggers = sql.exec<{ name: string; sql: string }>(query).toArray();
  for (const { name } of triggers) sql.exec(`DROP TRIGGER ${name}`);
  work();
  for (const trigger of triggers) sql.exec(trigger.sql);
}
