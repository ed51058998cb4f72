/** What lies behind the log's last entry, where nothing can be yet. */

import { LogContradiction } from "#audit/ledger/proven/contradiction.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";

/** Entries come in the transaction in which the log takes them: none can lie beyond. */
export function requireNoneBeyond(sql: SqlStorage, treeSize: number): void {
  const [row] = sql.exec("SELECT seq FROM entries WHERE seq >= ? LIMIT 1", treeSize).toArray();
  if (row !== undefined) {
    throw new LogContradiction(`entry ${row["seq"]} was never taken into the log of ${treeSize}`);
  }
  let level = 0;
  for (let hashes = treeSize; hashes > 0; hashes = Math.floor(hashes / TILE_WIDTH)) {
    requireNoTileBeyond(sql, "level = ?1", { level, hashes });
    level += 1;
  }
  requireNoTileBeyond(sql, "level >= ?1", { level, hashes: 0 });
}

/** One in the way of hashes that are to come would keep the log from growing. */
function requireNoTileBeyond(
  sql: SqlStorage,
  levels: "level = ?1" | "level >= ?1",
  { level, hashes }: { level: number; hashes: number },
): void {
  const [row] = sql
    .exec(
      `SELECT level, idx FROM tiles WHERE ${levels} AND idx >= ?2 / ${TILE_WIDTH}
         AND idx * ${TILE_WIDTH} + octet_length(hashes) / 32 > ?2 LIMIT 1`,
      level,
      hashes,
    )
    .toArray();
  if (row === undefined) return;
  throw new LogContradiction(
    `tile ${row["level"]}/${row["idx"]} has hashes of entries that never came`,
  );
}

/** Rows of entries that the log does not have would be in the way of those that are to come. */
export function deleteBundlesBeyond(sql: SqlStorage, treeSize: number): number {
  const bundles = Math.ceil(treeSize / TILE_WIDTH);
  const runs = Math.floor(treeSize / TILE_WIDTH ** 2);
  const queries = [
    sql.exec("DELETE FROM bundles WHERE idx >= ? OR idx < 0", bundles),
    sql.exec("DELETE FROM id_runs WHERE idx >= ? OR idx < 0", runs),
    sql.exec("DELETE FROM posting_runs WHERE idx >= ? OR idx < 0", runs),
  ];
  return queries.reduce((rows, { rowsWritten }) => rows + rowsWritten, 0);
}
