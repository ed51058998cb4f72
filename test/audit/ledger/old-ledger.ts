/** A ledger as it was before its newest migrations: the same rows under the schema of then. */
import { runInDurableObject } from "cloudflare:test";
import type { LogAddress } from "#audit/audit-log.ts";
import { MIGRATIONS, migrate } from "#audit/ledger/schema.ts";
import { objectOf } from "./test-log.ts";

type Row = Record<string, SqlStorageValue>;

/** In the order in which triggers let them be put back. */
const TABLES = ["entries", "log", "tiles", "bundles", "holds", "retention_ranges", "scrub"];

/** Puts the log back to its first `count` migrations, then migrates it: all that is not of then is made anew. */
export function migrateFrom(log: LogAddress, count: number): Promise<void> {
  return runInDurableObject(objectOf(log), async (_, { storage }) => {
    const { sql } = storage;
    const rows = TABLES.map((table) => sql.exec<Row>(`SELECT * FROM ${table}`).toArray());
    await storage.deleteAll();
    sql.exec("CREATE TABLE migrations (number INTEGER NOT NULL PRIMARY KEY) STRICT");
    for (const [at, migration] of MIGRATIONS.slice(0, count).entries()) {
      sql.exec(migration);
      sql.exec("INSERT INTO migrations (number) VALUES (?)", at + 1);
    }
    for (const [at, table] of TABLES.entries()) putBack(sql, table, rows[at]!);
    migrate(storage);
  });
}

function putBack(sql: SqlStorage, table: string, rows: readonly Row[]): void {
  const info = sql.exec<{ name: string; hidden: number }>(`PRAGMA table_xinfo(${table})`).toArray();
  const columns = info.filter(({ hidden }) => hidden === 0).map(({ name }) => name);
  const values = columns.map(() => "?").join(", ");
  const insert = `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${values})`;
  for (const row of rows) sql.exec(insert, ...columns.map((column) => row[column]!));
}
