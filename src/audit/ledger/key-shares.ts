/**
 * The shares of the org's payload keys, a version each (src/vault/key-shares.ts): no part of the log's state, and
 * nowhere but here. What is destroyed is never made again: the schema sees to it.
 */

const SHARE_BYTES = 32;

/** Null where that version's is destroyed. */
export function makeShare(sql: SqlStorage, version: number, nowMs: number): Uint8Array | null {
  if (version < destroyedBelow(sql)) return null;
  const share = crypto.getRandomValues(new Uint8Array(SHARE_BYTES));
  sql.exec(
    "INSERT INTO key_shares (version, share, made_at_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    version,
    share,
    nowMs,
  );
  return findShare(sql, version);
}

/** Null where it is destroyed, or never was. */
export function findShare(sql: SqlStorage, version: number): Uint8Array | null {
  const [row] = sql.exec("SELECT share FROM key_shares WHERE version = ?", version);
  return row === undefined ? null : new Uint8Array(row["share"] as ArrayBuffer);
}

export function destroySharesBelow(sql: SqlStorage, version: number): void {
  sql.exec("UPDATE key_share_end SET destroyed_below = max(destroyed_below, ?)", version);
  sql.exec("DELETE FROM key_shares WHERE version < (SELECT destroyed_below FROM key_share_end)");
}

function destroyedBelow(sql: SqlStorage): number {
  return sql.exec("SELECT destroyed_below FROM key_share_end").one()["destroyed_below"] as number;
}
