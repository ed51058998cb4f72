/**
 * The shares of the org's payload keys, a version each (src/vault/key-shares.ts): no part of the log's state, and
 * nowhere but here. What is destroyed is never made again: the schema sees to it.
 */

const SHARE_BYTES = 32;

/** Null where that version's is destroyed, or all are. */
export function makeShare(sql: SqlStorage, version: number): Uint8Array | null {
  const isKnown = [...sql.exec("SELECT 1 FROM key_shares WHERE version = ?", version)].length > 0;
  const isOver = [...sql.exec("SELECT 1 FROM key_shares_end")].length > 0;
  if (!isKnown && !isOver) {
    const share = crypto.getRandomValues(new Uint8Array(SHARE_BYTES));
    sql.exec("INSERT INTO key_shares (version, share) VALUES (?, ?)", version, share);
  }
  return findShare(sql, version);
}

/** Null where it is destroyed, or never was. */
export function findShare(sql: SqlStorage, version: number): Uint8Array | null {
  const [row] = sql.exec("SELECT share FROM key_shares WHERE version = ?", version);
  const share = (row?.["share"] ?? null) as ArrayBuffer | null;
  return share === null ? null : new Uint8Array(share);
}

export function destroyShare(sql: SqlStorage, version: number): void {
  sql.exec(
    "INSERT INTO key_shares (version) VALUES (?) ON CONFLICT DO UPDATE SET share = NULL",
    version,
  );
}

export function destroyAllShares(sql: SqlStorage, nowMs: number): void {
  sql.exec("INSERT INTO key_shares_end VALUES (1, ?) ON CONFLICT DO NOTHING", nowMs);
  sql.exec("UPDATE key_shares SET share = NULL WHERE share IS NOT NULL");
}
