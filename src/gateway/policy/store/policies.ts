/** Orgs' policies (migrations/directory/0007). */
import type { DefaultEffect, PolicySet } from "#gateway/policy/policy-set.ts";
import { deleteOfClosedOrg } from "#orgs/store/closed-org.ts";
import { type OperatorAction, recordOperatorAction } from "#orgs/store/operator-actions.ts";
import { changedByFirst } from "#platform/d1/batch.ts";

export interface StoredPolicy {
  readonly set: PolicySet | null;
  /** 0: the org never set any. */
  readonly version: number;
}

interface Row {
  policies: string;
  default_effect: DefaultEffect;
  hash: string;
  reads: string;
  version: number;
}

const SELECT = "SELECT policies, default_effect, hash, reads, version FROM policies WHERE org = ?1";

export async function findPolicy(directory: D1Database, org: string): Promise<StoredPolicy> {
  const row = await directory.prepare(SELECT).bind(org).first<Row>();
  if (row === null) return { set: null, version: 0 };
  const { policies, default_effect, hash, reads, version } = row;
  return { set: { policies, default: default_effect, hash, reads: JSON.parse(reads) }, version };
}

/** Inserts an org's first set and updates later ones; neither for an org that is being deleted. */
const REPLACE_POLICY = `INSERT INTO policies (org, policies, default_effect, hash, reads, version, updated_at_ms)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6 + 1, ?7 FROM orgs WHERE org = ?1 AND state = 'active'
  ON CONFLICT (org) DO UPDATE SET policies = excluded.policies, default_effect = excluded.default_effect,
    hash = excluded.hash, reads = excluded.reads, version = excluded.version,
    updated_at_ms = excluded.updated_at_ms
  WHERE policies.version = ?6`;

/** False if the set is no longer the one that the change was decided on, or the org is closed. */
export function replacePolicy(
  directory: D1Database,
  org: string,
  { set, fromVersion }: { set: PolicySet; fromVersion: number },
  action: OperatorAction,
): Promise<boolean> {
  const row = [set.policies, set.default, set.hash, JSON.stringify(set.reads)];
  return changedByFirst(directory, [
    directory.prepare(REPLACE_POLICY).bind(org, ...row, fromVersion, action.occurredAtMs),
    recordOperatorAction(directory, action),
  ]);
}

/** Part of closing an org. */
export function deletePolicy(directory: D1Database, org: string): D1PreparedStatement {
  return deleteOfClosedOrg(directory, "policies", org);
}
