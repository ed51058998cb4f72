/** Orgs whose streams the cron may have to send, with what they set of them. */
import type { OwnStreams } from "#streams/observability.ts";

export interface StreamTarget {
  org: string;
  generation: number;
  auditLog: number;
  /**
   * What the org set, with its header values sealed; empty for an org that keeps to the deployment's
   * settings.
   */
  own: OwnStreams;
  /** A change of the org's streams is recorded and not in its ledger yet. */
  isUnrecorded: boolean;
}

const COLUMNS = `o.org, o.generation, o.audit_log AS auditLog,
  coalesce(v.settings, '{}') AS settings, EXISTS (SELECT 1 FROM ledger_outbox AS pending
    WHERE pending.org = o.org AND pending.action = 'operator.streams.updated') AS isUnrecorded`;

/** Orgs that set a receiver themselves. */
const OWN = `FROM observability AS v CROSS JOIN orgs AS o ON o.org = v.org
  WHERE v.sends = 1 AND v.org > ?2 AND o.shard = ?1 AND o.state = 'active' ORDER BY v.org LIMIT ?3`;

/** All orgs, for the deployment has a receiver. */
const ALL = `FROM orgs AS o LEFT JOIN observability AS v ON v.org = o.org
  WHERE o.shard = ?1 AND o.state = 'active' AND o.org > ?2 ORDER BY o.org LIMIT ?3`;

export interface TargetsAsked {
  shard: string;
  /** The deployment has a receiver for metrics or audit. */
  hasDefault: boolean;
}

type TargetRow = Omit<StreamTarget, "own" | "isUnrecorded"> & {
  settings: string;
  isUnrecorded: 0 | 1;
};

/** Targets whose orgs come after the name `after`, by name. */
export async function findStreamTargets(
  directory: D1Database,
  { shard, hasDefault }: TargetsAsked,
  { after, limit }: { after: string | null; limit: number },
): Promise<StreamTarget[]> {
  const select = `SELECT ${COLUMNS} ${hasDefault ? ALL : OWN}`;
  const { results } = await directory
    .prepare(select)
    .bind(shard, after ?? "", limit)
    .all<TargetRow>();
  return results.map(({ settings, isUnrecorded, ...row }) => ({
    ...row,
    own: JSON.parse(settings),
    isUnrecorded: isUnrecorded === 1,
  }));
}
