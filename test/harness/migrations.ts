/** The databases' migrations, applied without wrangler. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Miniflare } from "miniflare";

/** A trigger holds statements of its own, each on the line of its BEGIN or before its END. */
const STATEMENT_END = /;(?!\s*END)\s*$/m;

/** Statements without their comments, which a `;` may hide in. */
export async function migrationStatements(folder: string, checkout = "."): Promise<string[]> {
  const path = join(checkout, "migrations", folder);
  const files = (await readdir(path)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(path, file), "utf8")));
  return texts
    .flatMap((text) => text.replaceAll(/--.*$/gm, "").split(STATEMENT_END))
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

type Database = Awaited<ReturnType<Miniflare["getD1Database"]>>;

/** Unless it was before: a folder's databases outlive a runtime. */
export async function migrate(db: Database, folder: string, checkout?: string): Promise<void> {
  const { results } = await db.prepare("SELECT name FROM sqlite_master WHERE name = 'orgs'").all();
  if (results.length > 0) return;
  const statements = await migrationStatements(folder, checkout);
  await db.batch(statements.map((statement) => db.prepare(statement)));
}
