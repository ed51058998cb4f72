/** D1 with each statement's bill told: which text it was, and the rows that D1 says it read and wrote. */

export type NoteStatement = (sql: string, meta: Pick<D1Meta, "rows_read" | "rows_written">) => void;

type Rows = Record<string, unknown>;

export function countedDatabase(db: D1Database, note: NoteStatement): D1Database {
  const texts = new WeakMap<D1PreparedStatement, string>();

  /** What hides its meta goes through `all`; the statement stays the real one, for `batch`. */
  const counted = (sql: string, statement: D1PreparedStatement): D1PreparedStatement => {
    texts.set(statement, sql);
    const bind = statement.bind.bind(statement);
    const [all, run] = [statement.all.bind(statement), statement.run.bind(statement)];
    const noted = async <Result extends D1Result>(answer: Promise<Result>) => {
      const result = await answer;
      note(sql, result.meta);
      return result;
    };
    statement.bind = (...values) => counted(sql, bind(...values));
    statement.all = <Row>() => noted(all<Row>());
    statement.run = <Row>() => noted(run<Row>());
    statement.first = async <Row>(column?: string) => {
      const [row] = (await statement.all<Rows>()).results;
      if (row === undefined) return null;
      return (column === undefined ? row : row[column]) as Row;
    };
    // As drizzle makes rows of a batch's answer: no two columns of ours have one name.
    statement.raw = (async () =>
      (await statement.all<Rows>()).results.map((row) => Object.values(row))) as never;
    return statement;
  };

  const batch = async (statements: D1PreparedStatement[]) => {
    const results = await db.batch(statements);
    for (const [index, { meta }] of results.entries()) {
      note(texts.get(statements[index]!) ?? "", meta);
    }
    return results;
  };

  return new Proxy(db, {
    get: (target, property) => {
      if (property === "batch") return batch;
      if (property === "prepare") return (sql: string) => counted(sql, target.prepare(sql));
      return Reflect.get(target, property);
    },
  });
}
