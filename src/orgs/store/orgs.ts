/** The directory's orgs. Every change names, in its WHERE, what it was decided on. */
import { and, asc, eq, gt, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { Org, OrgState } from "#orgs/org.ts";
import { orgParts } from "#orgs/org-lifecycle.ts";
import { effectiveOrg, type OrgSettings } from "#orgs/org-settings.ts";
import { DEFAULT_REDACTION } from "#orgs/redaction-settings.ts";
import { changedByFirst, statementOf } from "#platform/d1/batch.ts";
import { deleteOfClosedOrg } from "./closed-org.ts";
import { orgs } from "./directory-schema.ts";
import { type OperatorAction, recordOperatorAction } from "./operator-actions.ts";
import { deleteShardOrg, insertShardOrg } from "./shard-orgs.ts";

/** An org's first generation: its shard is told the same one. */
const FIRST_GENERATION = 1;

export interface NewOrg {
  org: string;
  settings: OrgSettings;
  shard: string;
  createdAtMs: number;
}

/** A page of orgs in the order of their names: those behind `after`, where null is before the first. */
export interface OrgsAfter {
  after: string | null;
  limit: number;
}

/**
 * True for exactly one of any number of concurrent calls, false when the name is or was taken. The
 * shard's row and what each part opens come first: a directory row without them would take no writes;
 * they without a directory row are out of reach, and the next attempt finds them in place.
 */
export async function insertOrg(
  directory: D1Database,
  shardDb: D1Database,
  { org, settings, shard, createdAtMs }: NewOrg,
  action: OperatorAction,
): Promise<boolean> {
  if ((await findOrg(directory, org)) !== null) return false;
  await insertShardOrg(shardDb, org, FIRST_GENERATION);
  for (const part of orgParts()) await part.open?.(shardDb, org);
  const row = {
    org,
    ...rowOfSettings(settings),
    shard,
    generation: FIRST_GENERATION,
    createdAtMs,
    updatedAtMs: createdAtMs,
  };
  const insert = drizzle(directory).insert(orgs).values(row).onConflictDoNothing();
  return changedByFirst(directory, [
    statementOf(directory, insert),
    recordOperatorAction(directory, action),
  ]);
}

/** The org in any state: whether a deleted one counts as there is for the caller to say. */
export async function findOrg(directory: D1Database, org: string): Promise<Org | null> {
  const row = await findRow(directory, org);
  return row === null ? null : orgOfRow(row);
}

/** The active org if it publishes its log. What is private, closed or nobody's is no row alike. */
export async function findPublishedOrg(directory: D1Database, org: string): Promise<Org | null> {
  const wanted = and(eq(orgs.org, org), eq(orgs.state, "active"), eq(orgs.publishesAuditLog, true));
  const row = await drizzle(directory).select().from(orgs).where(wanted).get();
  return row === undefined ? null : orgOfRow(row);
}

export async function findOrgSettings(
  directory: D1Database,
  org: string,
): Promise<OrgSettings | null> {
  const row = await findRow(directory, org);
  return row === null ? null : settingsOfRow(row);
}

/** The shard's orgs in one state that come behind the name `after`. */
export async function findOrgsOnShard(
  directory: D1Database,
  shard: string,
  state: OrgState,
  { after, limit }: OrgsAfter,
): Promise<Org[]> {
  const next = and(eq(orgs.shard, shard), eq(orgs.state, state), gt(orgs.org, after ?? ""));
  const rows = await drizzle(directory)
    .select()
    .from(orgs)
    .where(next)
    .orderBy(asc(orgs.org))
    .limit(limit);
  return rows.map(orgOfRow);
}

/**
 * The shard's orgs in whatever state that come behind `after`, read in the order of the key: the index by
 * shard has each state's orgs together, so that all of them would have to be sorted by name (`+` keeps
 * SQLite from using it).
 */
export async function findOrgsInAnyState(
  directory: D1Database,
  shard: string,
  { after, limit }: OrgsAfter,
): Promise<Org[]> {
  const rows = await drizzle(directory)
    .select()
    .from(orgs)
    .where(and(sql`+${orgs.shard} = ${shard}`, gt(orgs.org, after ?? "")))
    .orderBy(asc(orgs.org))
    .limit(limit);
  return rows.map(orgOfRow);
}

/** The shard's active orgs behind `after` whose keys are rotated by age. */
export async function findOrgsThatRotate(
  directory: D1Database,
  shard: string,
  { after, limit }: OrgsAfter,
): Promise<Org[]> {
  const wanted = and(eq(orgs.shard, shard), eq(orgs.state, "active"), gt(orgs.org, after ?? ""));
  const rows = await drizzle(directory)
    .select()
    .from(orgs)
    .where(and(wanted, sql`${orgs.keyRotationDays} > 0`))
    .orderBy(asc(orgs.org))
    .limit(limit);
  return rows.map(orgOfRow);
}

/** The active orgs behind the name `after`, whatever their shard. */
export async function findActiveOrgs(
  directory: D1Database,
  { after, limit }: OrgsAfter,
): Promise<Org[]> {
  const rows = await drizzle(directory)
    .select()
    .from(orgs)
    .where(and(eq(orgs.state, "active"), gt(orgs.org, after ?? "")))
    .orderBy(asc(orgs.org))
    .limit(limit);
  return rows.map(orgOfRow);
}

/** Those orgs of these names that there are, in any state. */
export async function findOrgsNamed(
  directory: D1Database,
  names: readonly string[],
): Promise<Org[]> {
  const wanted = sql`${orgs.org} IN (SELECT value FROM json_each(${JSON.stringify(names)}))`;
  const rows = await drizzle(directory).select().from(orgs).where(wanted);
  return rows.map(orgOfRow);
}

/**
 * False if the settings are no longer `before`, or the org no longer active: of two concurrent
 * changes one is refused, and none is decided on a tier that has changed meanwhile.
 */
export async function updateOrgSettings(
  directory: D1Database,
  { org, generation }: Pick<Org, "org" | "generation">,
  { before, after }: { before: OrgSettings; after: OrgSettings },
  action: OperatorAction,
): Promise<boolean> {
  const was = rowOfSettings(before);
  const unchanged = and(
    activeAt(org, generation),
    eq(orgs.tier, was.tier),
    eq(orgs.entitlements, was.entitlements),
    eq(orgs.limits, was.limits),
    eq(orgs.retention, was.retention),
    eq(orgs.publishesAuditLog, was.publishesAuditLog),
    eq(orgs.onLedgerFailure, was.onLedgerFailure),
    eq(orgs.keyRotationDays, was.keyRotationDays),
    eq(orgs.spanMapping, was.spanMapping),
    eq(orgs.payloadCapture, was.payloadCapture),
  );
  const update = drizzle(directory)
    .update(orgs)
    .set({ ...rowOfSettings(after), updatedAtMs: action.occurredAtMs })
    .where(unchanged);
  return changedByFirst(directory, [
    statementOf(directory, update),
    recordOperatorAction(directory, action),
  ]);
}

/**
 * Closes an org for good: in one transaction its tokens are revoked, its sessions and every part of it closed, and
 * then its shard refuses its writes. Should that second step not come about, the cron repeats it for
 * every org that is `deleting`.
 */
export async function closeOrg(
  directory: D1Database,
  shardDb: D1Database,
  { org, generation }: Pick<Org, "org" | "generation">,
  action: OperatorAction,
): Promise<boolean> {
  const nowMs = action.occurredAtMs;
  const close = drizzle(directory)
    .update(orgs)
    .set({
      state: "deleting",
      generation: sql`${orgs.generation} + 1`,
      updatedAtMs: nowMs,
      deletedAtMs: nowMs,
    })
    .where(activeAt(org, generation));
  const revoke = directory
    .prepare(
      `UPDATE service_tokens SET revoked_at_ms = ?1 WHERE org = ?2 AND revoked_at_ms IS NULL
        AND EXISTS (SELECT 1 FROM orgs WHERE org = ?2 AND state <> 'active')`,
    )
    .bind(nowMs, org);
  const closed = await changedByFirst(directory, [
    statementOf(directory, close),
    recordOperatorAction(directory, action),
    revoke,
    deleteOfClosedOrg(directory, "web_sessions", org),
    ...orgParts().flatMap((part) => part.close?.(directory, org) ?? []),
  ]);
  if (closed) await deleteShardOrg(shardDb, org);
  return closed;
}

/** The cron's last step of a deletion, when nothing of the org is left but its name. */
export async function markOrgDeleted(directory: D1Database, org: string): Promise<void> {
  await drizzle(directory)
    .update(orgs)
    .set({ state: "deleted" })
    .where(and(eq(orgs.org, org), eq(orgs.state, "deleting")));
}

/** True for the first of concurrent recoveries: the org's entries go to the next log from here on. */
export async function succeedAuditLog(
  directory: D1Database,
  { org, auditLog }: Pick<Org, "org" | "auditLog">,
  action: OperatorAction,
): Promise<boolean> {
  const raise = drizzle(directory)
    .update(orgs)
    .set({ auditLog: auditLog + 1 })
    .where(and(eq(orgs.org, org), eq(orgs.auditLog, auditLog)));
  return changedByFirst(directory, [
    statementOf(directory, raise),
    recordOperatorAction(directory, action),
  ]);
}

type OrgRow = typeof orgs.$inferSelect;

export function activeAt(org: string, generation: number) {
  return and(eq(orgs.org, org), eq(orgs.generation, generation), eq(orgs.state, "active"));
}

async function findRow(directory: D1Database, org: string): Promise<OrgRow | null> {
  const row = await drizzle(directory).select().from(orgs).where(eq(orgs.org, org)).get();
  return row ?? null;
}

function orgOfRow(row: OrgRow): Org {
  const { org, shard, generation, state, auditLog, createdAtMs, updatedAtMs } = row;
  const redaction = { ...DEFAULT_REDACTION, ...JSON.parse(row.redaction) };
  const identity = { org, shard, generation, state, auditLog, redaction, createdAtMs, updatedAtMs };
  return effectiveOrg(identity, settingsOfRow(row));
}

function settingsOfRow(row: OrgRow): OrgSettings {
  const { tier, entitlements, limits, retention, publishesAuditLog, spanMapping } = row;
  const { onLedgerFailure, keyRotationDays, payloadCapture } = row;
  return {
    tier,
    entitlements: JSON.parse(entitlements),
    limits: JSON.parse(limits),
    retention: JSON.parse(retention),
    publishesAuditLog,
    onLedgerFailure,
    keyRotationDays: keyRotationDays || null,
    spanMapping: JSON.parse(spanMapping),
    payloadCapture: JSON.parse(payloadCapture),
  };
}

/** The inverse of `settingsOfRow`, to the byte: `updateOrgSettings` compares these texts. */
function rowOfSettings(settings: OrgSettings) {
  const { tier, entitlements, limits, retention, publishesAuditLog, spanMapping } = settings;
  const { onLedgerFailure, keyRotationDays, payloadCapture } = settings;
  return {
    tier,
    entitlements: JSON.stringify(entitlements),
    limits: JSON.stringify(limits),
    retention: JSON.stringify(retention),
    publishesAuditLog,
    onLedgerFailure,
    keyRotationDays: keyRotationDays ?? 0,
    spanMapping: JSON.stringify(spanMapping),
    payloadCapture: JSON.stringify(payloadCapture),
  };
}
