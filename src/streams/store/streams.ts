/** Where orgs' streams go, as they set it (migrations/directory/0003). Header values are sealed in here. */

import { deleteOfClosedOrg } from "#orgs/store/closed-org.ts";
import { type OperatorAction, recordOperatorAction } from "#orgs/store/operator-actions.ts";
import { changedByFirst } from "#platform/d1/batch.ts";
import type { OwnStreams } from "#streams/observability.ts";

export interface StoredStreams {
  own: OwnStreams;
  /** 0: the org never set anything. */
  version: number;
  /** True if a change waits in the outbox and is not in the org's ledger yet. */
  isUnrecorded: boolean;
}

const SELECT = `SELECT settings, version, EXISTS (SELECT 1 FROM ledger_outbox AS pending
    WHERE pending.org = ?1 AND pending.action = 'operator.streams.updated') AS isUnrecorded
  FROM observability WHERE org = ?1`;

export async function findStreams(directory: D1Database, org: string): Promise<StoredStreams> {
  const row = await directory
    .prepare(SELECT)
    .bind(org)
    .first<{ settings: string; version: number; isUnrecorded: 0 | 1 }>();
  if (row === null) return { own: {}, version: 0, isUnrecorded: false };
  const { settings, version, isUnrecorded } = row;
  return { own: JSON.parse(settings), version, isUnrecorded: isUnrecorded === 1 };
}

/** Inserts an org's first settings and updates later ones; neither for an org that is being deleted. */
const REPLACE = `INSERT INTO observability (org, settings, version, sends, updated_at_ms)
  SELECT ?1, ?2, ?3 + 1, ?4, ?5 FROM orgs WHERE org = ?1 AND state = 'active'
  ON CONFLICT (org) DO UPDATE SET settings = excluded.settings, version = excluded.version,
    sends = excluded.sends, updated_at_ms = excluded.updated_at_ms
  WHERE observability.version = ?3`;

export interface StreamsChange {
  own: OwnStreams;
  /** Metrics or audit have a receiver, or may get the deployment's. */
  sends: boolean;
  /** The version that the change was decided on. */
  fromVersion: number;
}

/** False if the settings are no longer those that the change was decided on, or the org is closed. */
export function replaceStreams(
  directory: D1Database,
  org: string,
  { own, sends, fromVersion }: StreamsChange,
  action: OperatorAction,
): Promise<boolean> {
  const row = [JSON.stringify(own), fromVersion, sends ? 1 : 0, action.occurredAtMs];
  return changedByFirst(directory, [
    directory.prepare(REPLACE).bind(org, ...row),
    recordOperatorAction(directory, action),
  ]);
}

/** Of the same values sealed anew, which is no change: false if they are others meanwhile. */
export async function replaceSealed(
  directory: D1Database,
  org: string,
  { own, fromVersion }: Pick<StreamsChange, "own" | "fromVersion">,
): Promise<boolean> {
  const { meta } = await directory
    .prepare(
      "UPDATE observability SET settings = ?2, version = ?3 + 1 WHERE org = ?1 AND version = ?3",
    )
    .bind(org, JSON.stringify(own), fromVersion)
    .run();
  return meta.changes > 0;
}

/** Part of closing an org: its receivers' credentials go at once. */
export function deleteStreams(directory: D1Database, org: string): D1PreparedStatement {
  return deleteOfClosedOrg(directory, "observability", org);
}
