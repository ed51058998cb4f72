/** Data keys that an earlier key-encryption key wraps, and wrapping them anew. */
import { keyOfRow, SELECTED, type WrappedDataKey } from "./data-key-rows.ts";

export interface OrgBehind {
  readonly org: string;
  readonly generation: number;
}

/** Orgs behind `after` that have keys which an earlier version wraps, by name. */
export async function findOrgsBehind(
  db: D1Database,
  newestKek: number,
  { after, limit }: { after: string | null; limit: number },
): Promise<OrgBehind[]> {
  const { results } = await db
    .prepare(
      `SELECT DISTINCT k.org, o.generation FROM data_keys AS k CROSS JOIN orgs AS o ON o.org = k.org
       WHERE k.kek_version < ?1 AND k.org > ?2 AND o.state = 'active' ORDER BY k.org LIMIT ?3`,
    )
    .bind(newestKek, after ?? "", limit)
    .all<OrgBehind>();
  return results;
}

export async function findKeysBehind(
  db: D1Database,
  org: string,
  newestKek: number,
  limit: number,
): Promise<WrappedDataKey[]> {
  const { results } = await db
    .prepare(
      `SELECT ${SELECTED} FROM data_keys WHERE org = ?1 AND kek_version < ?2 AND is_doomed = 0
       ORDER BY purpose, version LIMIT ?3`,
    )
    .bind(org, newestKek, limit)
    .all<Parameters<typeof keyOfRow>[0]>();
  return results.map(keyOfRow);
}

/** Only in place of what was opened: it may have been wrapped anew meanwhile, or destroyed. */
export async function replaceWrapped(
  db: D1Database,
  org: string,
  { purpose, version, wrapped: before, kekVersion: was }: WrappedDataKey,
  { wrapped, kekVersion }: { wrapped: Uint8Array; kekVersion: number },
): Promise<void> {
  await db
    .prepare(
      `UPDATE data_keys SET wrapped = ?4, kek_version = ?5
       WHERE org = ?1 AND purpose = ?2 AND version = ?3 AND kek_version = ?6 AND wrapped = ?7
         AND is_doomed = 0`,
    )
    .bind(org, purpose, version, wrapped, kekVersion, was, before)
    .run();
}
