/**
 * D1 as production limits it. Local D1 lets these pass, so a test that goes through here fails where
 * a deployment would: parameters and value sizes a statement, queries an invocation
 * (developers.cloudflare.com/d1/platform/limits).
 */
const PARAMETERS_MAX = 100;
const VALUE_BYTES_MAX = 2_000_000;
const STATEMENT_BYTES_MAX = 100_000;
export const QUERIES_PER_INVOCATION_MAX = 1_000;

export class LimitedD1 {
  queries = 0;
  readonly database: D1Database;

  constructor(db: D1Database) {
    this.database = new Proxy(db, {
      get: (target, property) => {
        if (property === "prepare") return (sql: string) => this.#prepare(target, sql);
        if (property === "batch") return this.#batch(target);
        return Reflect.get(target, property);
      },
    });
  }

  #count(queries: number): void {
    this.queries += queries;
    if (this.queries > QUERIES_PER_INVOCATION_MAX) throw new Error("over 1,000 queries");
  }

  #batch(db: D1Database) {
    return async (statements: D1PreparedStatement[]) => {
      this.#count(statements.length);
      return db.batch(statements);
    };
  }

  #prepare(db: D1Database, sql: string): D1PreparedStatement {
    if (sql.length > STATEMENT_BYTES_MAX) throw new Error("a statement over 100 KB");
    return this.#limit(db.prepare(sql));
  }

  #limit(statement: D1PreparedStatement): D1PreparedStatement {
    const { bind, all, run } = statement;
    statement.bind = (...values) => {
      refuseLarge(values);
      return this.#limit(bind.apply(statement, values));
    };
    statement.all = async <Row>() => {
      this.#count(1);
      return all.call(statement) as Promise<D1Result<Row>>;
    };
    statement.run = async <Row>() => {
      this.#count(1);
      return run.call(statement) as Promise<D1Result<Row>>;
    };
    return statement;
  }
}

function refuseLarge(values: readonly unknown[]): void {
  if (values.length > PARAMETERS_MAX) throw new Error(`${values.length} parameters`);
  for (const value of values) {
    const bytes = typeof value === "string" ? new TextEncoder().encode(value).length : 0;
    if (bytes > VALUE_BYTES_MAX) throw new Error(`a value of ${bytes} bytes`);
  }
}
