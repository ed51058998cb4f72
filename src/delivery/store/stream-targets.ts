/** Orgs whose streams the cron may have to send, with what they set of them. */
import type { OwnStreams } from "#streams/observability.ts";

export interface StreamTarget {
  org: string;
  auditLog: number;
  createdAtMs: number;
  /** Header values sealed; nothing of its own is an org that keeps to the deployment's settings. */
  own: OwnStreams;
  /** A change is recorded and not in the org's ledger yet. */
  isUnrecorded: boolean;
}

const COLUMNS = `o.org, o.audit_log AS auditLog, o.created_at_ms AS createdAtMs,
  coalesce(v.settings, '{}') AS settings, EXISTS (SELECT 1 FROM ledger_outbox AS pending
    WHERE pending.org = o.org AND pending.action = 'operator.streams.updated') AS isUnrecorded`;

/** Those that set a receiver themselves. */
const OWN = `FROM observability AS v CROSS JOIN orgs AS o ON o.org = v.org
  WHERE v.sends = 1 AND o.shard = ?1 AND o.state = 'active'`;

/** All, for the deployment has a receiver. */
const ALL = `FROM orgs AS o LEFT JOIN observability AS v ON v.org = o.org
  WHERE o.shard = ?1 AND o.state = 'active'`;

export interface TargetsAsked {
  shard: string;
  /** The deployment has a receiver for metrics or audit. */
  hasDefault: boolean;
}

export async function countStreamTargets(
  directory: D1Database,
  { shard, hasDefault }: TargetsAsked,
): Promise<number> {
  const count = `SELECT count(*) AS n ${hasDefault ? ALL : OWN}`;
  return (await directory.prepare(count).bind(shard).first<number>("n")) ?? 0;
}

type TargetRow = Omit<StreamTarget, "own" | "isUnrecorded"> & {
  settings: string;
  isUnrecorded: 0 | 1;
};

/** By name. */
export async function findStreamTargets(
  directory: D1Database,
  { shard, hasDefault }: TargetsAsked,
  { offset, limit }: { offset: number; limit: number },
): Promise<StreamTarget[]> {
  const select = `SELECT ${COLUMNS} ${hasDefault ? ALL : OWN} ORDER BY o.org LIMIT ?2 OFFSET ?3`;
  const { results } = await directory.prepare(select).bind(shard, limit, offset).all<TargetRow>();
  return results.map(({ settings, isUnrecorded, ...row }) => ({
    ...row,
    own: JSON.parse(settings),
    isUnrecorded: isUnrecorded === 1,
  }));
}
