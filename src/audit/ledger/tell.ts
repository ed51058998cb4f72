/**
 * The ledger's word to D1: how much there is to sign, that it is frozen, that it was scrubbed. D1's answer says
 * what was signed, which has to be of these entries.
 */

import { LogContradiction } from "#audit/ledger/proven/contradiction.ts";
import type { LogState } from "#audit/ledger/proven/log-state.ts";
import { requireSignedRoot } from "#audit/ledger/proven/proven-tree.ts";
import { markPassTold, readScrub, untoldPass } from "#audit/ledger/proven/scrub.ts";
import { oldestEntry } from "#audit/ledger/times/recorded-times.ts";
import { daysPromisedTo } from "#audit/ledger/times/retention-ranges.ts";
import { type SignersRecord, tellTreeSize } from "#audit/store/audit-logs.ts";
import { decodeBase64 } from "#formats/base64.ts";
import { parseTimestampMs } from "#formats/rfc3339.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase } from "#platform/shards.ts";
import { requireNotSetBack } from "./head.ts";

/** True while D1 does not know of a freeze: that is told at once. */
export function hasUntoldFreeze({ frozenReason, toldFrozen }: LogState): boolean {
  return frozenReason !== null && toldFrozen === 0;
}

/** True if something is there that D1 was not told of. */
export function hasNews(sql: SqlStorage, state: LogState): boolean {
  const { treeSize, toldSize } = state;
  return treeSize > toldSize || hasUntoldFreeze(state) || untoldPass(sql) !== null;
}

export async function tellD1(env: Env, sql: SqlStorage, state: LogState): Promise<SignersRecord> {
  const { org, number: log, shard, treeSize, frozenReason } = state;
  const oldest = oldestEntry(sql);
  const oldestAtMs = oldest === null ? null : (parseTimestampMs(oldest.latestAt) ?? null);
  const keptDays = oldest === null ? 0 : daysPromisedTo(sql, oldest.seq);
  const scrubbedAtMs = readScrub(sql)?.passedAtMs ?? null;
  const { databaseSize: bytes } = sql;
  const ofLog = { org, log, treeSize, frozenReason, bytes };
  const told = { ...ofLog, oldestAtMs, keptDays, scrubbedAtMs };
  const record = await tellTreeSize(shardDatabase(env, shard), told, Date.now());
  sql.exec(
    "UPDATE log SET told_size = max(told_size, ?), told_frozen = max(told_frozen, ?)",
    treeSize,
    frozenReason === null ? 0 : 1,
  );
  if (scrubbedAtMs !== null) markPassTold(sql, scrubbedAtMs);
  return record;
}

/**
 * Throws LogContradiction where D1 knows the log to be frozen, of more entries, or of another root signed. `state`
 * is read after D1's answer: what was told or signed had been stored by then.
 */
export function requireRecord(
  sql: SqlStorage,
  { treeSize }: LogState,
  { frozenReason, signedSize, signedRoot, treeSize: toldSize }: SignersRecord,
): void {
  if (frozenReason !== null) throw new LogContradiction(frozenReason);
  requireNotSetBack(treeSize, Math.max(signedSize, toldSize));
  const root = signedRoot === null ? null : decodeBase64(signedRoot);
  if (root !== null) requireSignedRoot(sql, { size: signedSize, root });
}
