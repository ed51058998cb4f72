/** How many bytes an org's payloads take, as the shard's org row counts them (src/orgs/space/counted-bytes.ts). */

/** What a row has besides its payloads: the org, the id, and its part of the page's own. */
export const PAYLOAD_ROW_BYTES = 100;

export const rowBytes = (of: string) =>
  `${PAYLOAD_ROW_BYTES} + octet_length(${of}pieces) + octet_length(${of}sealed)`;

export async function findPayloadBytes(db: D1Database, org: string): Promise<number> {
  const select = "SELECT payload_bytes AS bytes FROM orgs WHERE org = ?1";
  return (await db.prepare(select).bind(org).first<number>("bytes")) ?? 0;
}
