/** Whose JWTs orgs take, as they set it (migrations/directory/0008). */
import type { IdentitySettings } from "#gateway/identity/identity-settings.ts";
import { deleteOfClosedOrg } from "#orgs/store/closed-org.ts";
import { type OperatorAction, recordOperatorAction } from "#orgs/store/operator-actions.ts";
import { changedByFirst } from "#platform/d1/batch.ts";

export interface StoredIdentity {
  /** Null: the org never set anything. */
  settings: IdentitySettings | null;
  version: number;
}

const SELECT = "SELECT settings, version FROM identity WHERE org = ?1";

export async function findIdentity(directory: D1Database, org: string): Promise<StoredIdentity> {
  const row = await directory
    .prepare(SELECT)
    .bind(org)
    .first<{ settings: string; version: number }>();
  if (row === null) return { settings: null, version: 0 };
  return { settings: JSON.parse(row.settings), version: row.version };
}

const SELECT_PUBLIC = `SELECT identity.settings FROM identity
  JOIN orgs ON orgs.org = identity.org AND orgs.state = 'active'
  WHERE identity.org = ?1 AND identity.has_issuers = 1`;

/** Of an open org with an issuer. One that has none, is closed, or is nobody's is no row alike. */
export async function findPublicIdentity(
  directory: D1Database,
  org: string,
): Promise<IdentitySettings | null> {
  const settings = await directory.prepare(SELECT_PUBLIC).bind(org).first<string>("settings");
  return settings === null ? null : JSON.parse(settings);
}

/** Inserts an org's first settings and updates later ones; neither for an org that is being deleted. */
const REPLACE = `INSERT INTO identity (org, settings, version, has_issuers, updated_at_ms)
  SELECT ?1, ?2, ?3 + 1, ?4, ?5 FROM orgs WHERE org = ?1 AND state = 'active'
  ON CONFLICT (org) DO UPDATE SET settings = excluded.settings, version = excluded.version,
    has_issuers = excluded.has_issuers, updated_at_ms = excluded.updated_at_ms
  WHERE identity.version = ?3`;

/** False if the settings are no longer those that the change was decided on, or the org is closed. */
export function replaceIdentity(
  directory: D1Database,
  org: string,
  { settings, fromVersion }: { settings: IdentitySettings; fromVersion: number },
  action: OperatorAction,
): Promise<boolean> {
  const hasIssuers = settings.issuers.length > 0 ? 1 : 0;
  const row = [JSON.stringify(settings), fromVersion, hasIssuers, action.occurredAtMs];
  return changedByFirst(directory, [
    directory.prepare(REPLACE).bind(org, ...row),
    recordOperatorAction(directory, action),
  ]);
}

/** Part of closing an org. */
export function deleteIdentity(directory: D1Database, org: string): D1PreparedStatement {
  return deleteOfClosedOrg(directory, "identity", org);
}
