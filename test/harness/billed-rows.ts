/** Counts the rows that D1 says it read and wrote: they are the bill. */
export class BilledRows {
  #read = 0;
  #written = 0;

  /** The counts since the last call. */
  take(): { rowsRead: number; rowsWritten: number } {
    const counts = { rowsRead: this.#read, rowsWritten: this.#written };
    this.#read = 0;
    this.#written = 0;
    return counts;
  }

  counting(db: D1Database): D1Database {
    return new Proxy(db, {
      get: (target, property) => {
        if (property === "batch") return this.#batch(target);
        if (property === "prepare") return this.#prepare(target);
        return Reflect.get(target, property);
      },
    });
  }

  #add(result: D1Result): void {
    this.#read += result.meta.rows_read;
    this.#written += result.meta.rows_written;
  }

  #batch(db: D1Database) {
    return async (statements: D1PreparedStatement[]) => {
      const results = await db.batch(statements);
      for (const result of results) this.#add(result);
      return results;
    };
  }

  /** `first` hides its meta, so it goes through `all`; a bound statement stays the real one, for `batch`. */
  #prepare(db: D1Database) {
    return (sql: string) => this.#wrap(db.prepare(sql));
  }

  #wrap(statement: D1PreparedStatement): D1PreparedStatement {
    const { bind } = statement;
    const all = statement.all.bind(statement);
    statement.bind = (...values) => this.#wrap(bind.apply(statement, values));
    statement.all = async <Row>() => {
      const result = await all<Row>();
      this.#add(result);
      return result;
    };
    statement.first = async <Row>(column?: string) => {
      const [row] = (await statement.all<Record<string, Row>>()).results;
      if (row === undefined) return null;
      return (column === undefined ? row : row[column]) as Row;
    };
    return statement;
  }
}
