/** Drizzle's typed queries as D1 statements, so that one `db.batch()` can hold both kinds. */

interface TypedQuery {
  toSQL(): { sql: string; params: unknown[] };
}

export function statementOf(db: D1Database, query: TypedQuery): D1PreparedStatement {
  const { sql, params } = query.toSQL();
  return db.prepare(sql).bind(...params);
}

/** Runs the statements in one transaction. True if the first one, the deed, changed a row. */
export async function changedByFirst(
  db: D1Database,
  statements: [deed: D1PreparedStatement, ...rest: D1PreparedStatement[]],
): Promise<boolean> {
  const [deed] = await db.batch(statements);
  return (deed?.meta.changes ?? 0) > 0;
}
