/** What D1 knows of each log (migrations/shard/0002): its size as told, and what was signed of it. */
import type { SigningKey } from "#audit/signing/signing-key.ts";
import { HOUR_MS } from "#platform/time.ts";

export interface AuditLogRow {
  org: string;
  log: number;
  treeSize: number;
  oldestAtMs: number | null;
  signedSize: number;
  /** Base64; null at size 0. */
  signedRoot: string | null;
  signedAtMs: number | null;
  checkpoint: string | null;
  publishedSize: number;
  keyEpoch: number;
  /** Says nothing until `seedChosen` is 1. */
  seedVersion: number;
  seedChosen: 0 | 1;
  rotationSeq: number | null;
  rotationSeedVersion: number | null;
  keys: SigningKey[];
  frozenReason: string | null;
}

export type LogKey = Pick<AuditLogRow, "org" | "log">;

const COLUMNS = `org, log, tree_size AS treeSize, oldest_at_ms AS oldestAtMs, signed_size AS signedSize,
  signed_root AS signedRoot, signed_at_ms AS signedAtMs, checkpoint, published_size AS publishedSize,
  key_epoch AS keyEpoch, seed_version AS seedVersion, seed_chosen AS seedChosen, rotation_seq AS rotationSeq,
  rotation_seed_version AS rotationSeedVersion, keys, frozen_reason AS frozenReason`;

type StoredLog = Omit<AuditLogRow, "keys"> & { keys: string };

function rowOf({ keys, ...row }: StoredLog): AuditLogRow {
  return { ...row, keys: JSON.parse(keys) };
}

export async function findAuditLog(
  db: D1Database,
  { org, log }: LogKey,
): Promise<AuditLogRow | null> {
  const row = await db
    .prepare(`SELECT ${COLUMNS} FROM audit_logs WHERE org = ?1 AND log = ?2`)
    .bind(org, log)
    .first<StoredLog>();
  return row === null ? null : rowOf(row);
}

/**
 * Logs with something to sign, those that wait longest first. One that is to wait for longer than any does was
 * queued by a clock that was ahead: it waits for nothing.
 */
export async function findLogsToSign(
  db: D1Database,
  nowMs: number,
  limit: number,
): Promise<AuditLogRow[]> {
  const { results } = await db
    .prepare(
      `SELECT ${COLUMNS} FROM audit_logs
       WHERE sign_after_ms IS NOT NULL AND sign_after_ms NOT BETWEEN ?1 + 1 AND ?1 + ${HOUR_MS}
       ORDER BY sign_after_ms LIMIT ?2`,
    )
    .bind(nowMs, limit)
    .all<StoredLog>();
  return results.map(rowOf);
}

/** Idempotent. */
export async function insertAuditLog(db: D1Database, { org, log }: LogKey): Promise<void> {
  await db
    .prepare("INSERT INTO audit_logs (org, log) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
    .bind(org, log)
    .run();
}

export interface ToldSize extends LogKey {
  treeSize: number;
  oldestAtMs: number | null;
  /** What is promised to that oldest entry. */
  keptDays: number;
  frozenReason: string | null;
  /** Of the ledger's database. */
  bytes?: number;
  /** When the last full pass over the log ended. */
  scrubbedAtMs: number | null;
}

/** What D1 knows of the log and the ledger must not contradict. */
export type SignersRecord = Pick<
  AuditLogRow,
  "frozenReason" | "signedSize" | "signedRoot" | "treeSize" | "publishedSize" | "keys"
>;

/** The ledger's word, which may come late and twice: a size never falls. */
const TELL = `INSERT INTO audit_logs
    (org, log, tree_size, oldest_at_ms, frozen_reason, sign_after_ms, kept_days, bytes, scrubbed_at_ms)
  VALUES (?1, ?2, ?3, ?4, ?5, iif(?5 IS NULL, ?6, NULL), ?7, ?8, ?9)
  ON CONFLICT (org, log) DO UPDATE SET
    scrubbed_at_ms = coalesce(max(scrubbed_at_ms, excluded.scrubbed_at_ms),
      scrubbed_at_ms, excluded.scrubbed_at_ms),
    tree_size = max(tree_size, excluded.tree_size),
    oldest_at_ms = excluded.oldest_at_ms,
    kept_days = excluded.kept_days,
    bytes = coalesce(excluded.bytes, bytes),
    frozen_reason = coalesce(frozen_reason, excluded.frozen_reason),
    sign_after_ms = CASE
      WHEN coalesce(frozen_reason, excluded.frozen_reason) IS NOT NULL THEN NULL
      WHEN max(tree_size, excluded.tree_size) > published_size THEN coalesce(sign_after_ms, ?6)
      ELSE sign_after_ms END
  RETURNING frozen_reason AS frozenReason, signed_size AS signedSize,
    signed_root AS signedRoot, tree_size AS treeSize, published_size AS publishedSize, keys`;

const NOTHING_KNOWN: SignersRecord = {
  frozenReason: null,
  signedSize: 0,
  signedRoot: null,
  treeSize: 0,
  publishedSize: 0,
  keys: [],
};

/**
 * Tells D1 the size. Returns what was signed and why the log is frozen, as far as D1 knows: a ledger set back to
 * before that must hear of it.
 */
export async function tellTreeSize(
  db: D1Database,
  told: ToldSize,
  nowMs: number,
): Promise<SignersRecord> {
  const { org, log, treeSize, oldestAtMs, keptDays, frozenReason, scrubbedAtMs } = told;
  const record = await db
    .prepare(TELL)
    .bind(
      ...[org, log, treeSize, oldestAtMs, frozenReason, nowMs],
      ...[keptDays, told.bytes ?? null, scrubbedAtMs],
    )
    .first<Omit<SignersRecord, "keys"> & { keys: string }>();
  return record === null ? NOTHING_KNOWN : { ...record, keys: JSON.parse(record.keys) };
}

export async function markFrozen(
  db: D1Database,
  { org, log }: LogKey,
  reason: string,
): Promise<void> {
  await db
    .prepare(
      `UPDATE audit_logs SET frozen_reason = coalesce(frozen_reason, ?3), sign_after_ms = NULL
       WHERE org = ?1 AND log = ?2`,
    )
    .bind(org, log, reason)
    .run();
}

/** A signed head and the one it was decided on. */
export interface SignedStep extends LogKey {
  fromSize: number;
  fromRoot: string | null;
  size: number;
  root: string;
  checkpoint: string;
  oldestAtMs: number | null;
  keyEpoch: number;
  seedVersion: number;
  /** The rotation as the row said it; the two below are what it becomes. */
  wasRotationSeq: number | null;
  rotationSeq: number | null;
  rotationSeedVersion: number | null;
  keys: SigningKey[];
}

/** Compare-and-set of (size, root): of two signers one wins, and the other's signature goes nowhere. */
const RECORD_SIGNED = `UPDATE audit_logs SET
    tree_size = max(tree_size, step.size), oldest_at_ms = step.oldest_at_ms,
    signed_size = step.size, signed_root = step.root, signed_at_ms = ?2, checkpoint = step.checkpoint,
    key_epoch = step.key_epoch, seed_version = step.seed_version, keys = step.keys,
    rotation_seq = step.rotation_seq, rotation_seed_version = step.rotation_seed_version
  FROM (SELECT value ->> 'org' AS org, value ->> 'log' AS log, value ->> 'fromSize' AS from_size,
      value ->> 'fromRoot' AS from_root, value ->> 'size' AS size, value ->> 'root' AS root,
      value ->> 'checkpoint' AS checkpoint, value ->> 'oldestAtMs' AS oldest_at_ms,
      value ->> 'keyEpoch' AS key_epoch, value ->> 'seedVersion' AS seed_version,
      value ->> 'rotationSeq' AS rotation_seq, value ->> 'rotationSeedVersion' AS rotation_seed_version,
      value ->> 'keys' AS keys, value ->> 'wasRotationSeq' AS was_rotation_seq
    FROM json_each(?1)) AS step
  WHERE audit_logs.org = step.org AND audit_logs.log = step.log
    AND signed_size = step.from_size AND signed_root IS step.from_root
    AND audit_logs.rotation_seq IS step.was_rotation_seq AND frozen_reason IS NULL
  RETURNING audit_logs.org, audit_logs.log`;

/** The logs whose steps were recorded: only their checkpoints may leave. */
export async function recordSigned(
  db: D1Database,
  steps: readonly SignedStep[],
  nowMs: number,
): Promise<LogKey[]> {
  const { results } = await db
    .prepare(RECORD_SIGNED)
    .bind(JSON.stringify(steps), nowMs)
    .all<LogKey>();
  return results;
}

const MARK_PUBLISHED = `UPDATE audit_logs SET
    published_size = max(published_size, done.size),
    sign_after_ms = iif(tree_size > done.size, ?2, NULL)
  FROM (SELECT value ->> 'org' AS org, value ->> 'log' AS log, value ->> 'size' AS size
    FROM json_each(?1)) AS done
  WHERE audit_logs.org = done.org AND audit_logs.log = done.log AND signed_size = done.size`;

/** The ledgers have these checkpoints: a log that has told of no more entries since leaves the queue. */
export async function markPublished(
  db: D1Database,
  logs: readonly (LogKey & { size: number })[],
  nowMs: number,
): Promise<void> {
  await db.prepare(MARK_PUBLISHED).bind(JSON.stringify(logs), nowMs).run();
}

/** Puts logs at the queue's end, so that one which fails does not keep the others from being signed. */
export async function signLater(
  db: D1Database,
  logs: readonly LogKey[],
  afterMs: number,
): Promise<void> {
  await db
    .prepare(
      `UPDATE audit_logs SET sign_after_ms = ?2 FROM json_each(?1) AS later
       WHERE org = later.value ->> 'org' AND log = later.value ->> 'log' AND frozen_reason IS NULL`,
    )
    .bind(JSON.stringify(logs), afterMs)
    .run();
}

/** False if another rotation is under way, or was done meanwhile. */
export async function beginRotation(
  db: D1Database,
  { org, log, keyEpoch }: Pick<AuditLogRow, "org" | "log" | "keyEpoch">,
  rotation: { seq: number; seedVersion: number },
  nowMs: number,
): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `UPDATE audit_logs SET rotation_seq = ?4, rotation_seed_version = ?5,
         tree_size = max(tree_size, ?4 + 1), sign_after_ms = coalesce(sign_after_ms, ?6)
       WHERE org = ?1 AND log = ?2 AND key_epoch = ?3 AND frozen_reason IS NULL
         AND (rotation_seq IS NULL OR rotation_seq = ?4)`,
    )
    .bind(org, log, keyEpoch, rotation.seq, rotation.seedVersion, nowMs)
    .run();
  return meta.changes > 0;
}
