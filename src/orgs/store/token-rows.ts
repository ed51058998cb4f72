/** Service tokens: their digests and what they may do. The token itself is never here. */
import { and, desc, eq, isNull, lt } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { Org } from "#orgs/org.ts";
import type { Scope } from "#orgs/principal.ts";
import type { ServiceToken } from "#orgs/service-token.ts";
import { changedByFirst, statementOf } from "#platform/d1/batch.ts";
import { serviceTokens } from "./directory-schema.ts";
import { type OperatorAction, recordOperatorAction } from "./operator-actions.ts";

const INSERT_FOR_ACTIVE_ORG = `INSERT INTO service_tokens
  (id, org, name, scopes, actor, digest, created_at_ms, created_by, expires_at_ms)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
  WHERE EXISTS (SELECT 1 FROM orgs WHERE org = ?2 AND generation = ?10 AND state = 'active')`;

/** False if the org was closed meanwhile: a deletion revokes every token there is, and none follows. */
export async function insertServiceToken(
  directory: D1Database,
  { generation }: Pick<Org, "generation">,
  token: ServiceToken,
  action: OperatorAction,
): Promise<boolean> {
  const insert = directory
    .prepare(INSERT_FOR_ACTIVE_ORG)
    .bind(
      token.id,
      token.org,
      token.name,
      JSON.stringify(token.scopes),
      token.actor,
      token.digest,
      token.createdAtMs,
      token.createdBy,
      token.expiresAtMs,
      generation,
    );
  return changedByFirst(directory, [insert, recordOperatorAction(directory, action)]);
}

/**
 * The token, revoked and expired ones too: whether it is good is for whoever uses it to say, at that time.
 */
export async function findServiceToken(
  directory: D1Database,
  id: string,
): Promise<ServiceToken | null> {
  const row = await drizzle(directory)
    .select()
    .from(serviceTokens)
    .where(eq(serviceTokens.id, id))
    .get();
  return row === undefined ? null : tokenOfRow(row);
}

/** Newest first. Ids sort by age, so what is added meanwhile lies before every page to come. */
export async function findServiceTokensOfOrg(
  directory: D1Database,
  org: string,
  { beforeId, limit }: { beforeId: string | null; limit: number },
): Promise<ServiceToken[]> {
  const older = beforeId === null ? undefined : lt(serviceTokens.id, beforeId);
  const rows = await drizzle(directory)
    .select()
    .from(serviceTokens)
    .where(and(eq(serviceTokens.org, org), older))
    .orderBy(desc(serviceTokens.id))
    .limit(limit);
  return rows.map(tokenOfRow);
}

/** False if there is nothing to revoke: the token is unknown, another org's, or was revoked before. */
export async function markTokenRevoked(
  directory: D1Database,
  { org, id }: Pick<ServiceToken, "org" | "id">,
  action: OperatorAction,
): Promise<boolean> {
  const unrevoked = and(
    eq(serviceTokens.id, id),
    eq(serviceTokens.org, org),
    isNull(serviceTokens.revokedAtMs),
  );
  const revoke = drizzle(directory)
    .update(serviceTokens)
    .set({ revokedAtMs: action.occurredAtMs })
    .where(unrevoked);
  return changedByFirst(directory, [
    statementOf(directory, revoke),
    recordOperatorAction(directory, action),
  ]);
}

function tokenOfRow(row: typeof serviceTokens.$inferSelect): ServiceToken {
  return { ...row, scopes: JSON.parse(row.scopes) as Scope[] };
}
