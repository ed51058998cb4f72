import type { Miniflare } from "miniflare";
import type { LocalWorker, Migration } from "./local-worker.ts";
import { miniflareOf } from "./miniflare-of.ts";

type Database = Awaited<ReturnType<Miniflare["getD1Database"]>>;

/** wrangler's own table: `npx wrangler d1 migrations list` and `apply` agree with us. */
const createTable = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

/**
 * Applies what each database does not have yet, before anything is served: a runtime of its own, without
 * the Worker, on no known port.
 */
export async function migrate(
  { options, databases }: LocalWorker,
  stateDir: string,
  onApplied: (binding: string, name: string) => void,
): Promise<void> {
  const { d1Databases } = options;
  const runtime = miniflareOf(stateDir, { d1Databases, script: "export default {}" });
  try {
    for (const { binding, migrations } of databases) {
      const database = await runtime.getD1Database(binding);
      for (const migration of await missingOf(database, migrations)) {
        await apply(database, migration).catch((error: Error) => {
          throw new Error(`the migration ${migration.name} of ${binding} failed: ${error.message}`);
        });
        onApplied(binding, migration.name);
      }
    }
  } finally {
    await runtime.dispose();
  }
}

async function missingOf(database: Database, migrations: Migration[]): Promise<Migration[]> {
  const tables = await database
    .prepare("SELECT name FROM sqlite_master WHERE name = 'd1_migrations'")
    .all();
  if (tables.results.length === 0) return migrations;
  const { results } = await database
    .prepare("SELECT name FROM d1_migrations")
    .all<{ name: string }>();
  const applied = new Set(results.map(({ name }) => name));
  return migrations.filter(({ name }) => !applied.has(name));
}

/** In one transaction with the note that it was: killed at any moment, it is there or it is not. */
async function apply(database: Database, { name, statements }: Migration): Promise<void> {
  await database.batch([
    database.prepare(createTable),
    ...statements.map((statement) => database.prepare(statement)),
    database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name),
  ]);
}
