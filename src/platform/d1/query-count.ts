/**
 * How many queries an invocation has sent D1, which lets it send 1,000: counted where they are sent, for
 * what a piece of work will come to can only be bounded, and by far. Each statement of a batch is one.
 */
import type { Env } from "#platform/env.ts";
import { mapDatabases } from "#platform/shards.ts";

export class QueryCount {
  sent = 0;

  /** The same bindings, with what is sent through them counted here. */
  counted(env: Env): Env {
    return mapDatabases(env, (db) => new CountedDatabase(db, this) as unknown as D1Database);
  }
}

class CountedDatabase {
  readonly #inner: D1Database;
  readonly #count: QueryCount;

  constructor(inner: D1Database, count: QueryCount) {
    this.#inner = inner;
    this.#count = count;
  }

  prepare(sql: string): CountedStatement {
    return new CountedStatement(this.#inner.prepare(sql), this.#count);
  }

  batch(statements: readonly CountedStatement[]): Promise<unknown> {
    this.#count.sent += statements.length;
    return this.#inner.batch(statements.map(({ inner }) => inner));
  }

  exec(sql: string): Promise<unknown> {
    this.#count.sent += 1;
    return this.#inner.exec(sql);
  }
}

class CountedStatement {
  readonly inner: D1PreparedStatement;
  readonly #count: QueryCount;

  constructor(inner: D1PreparedStatement, count: QueryCount) {
    this.inner = inner;
    this.#count = count;
  }

  bind(...values: unknown[]): CountedStatement {
    return new CountedStatement(this.inner.bind(...values), this.#count);
  }

  first(...column: [string]): Promise<unknown> {
    return this.#sent().first(...column);
  }

  run(): Promise<unknown> {
    return this.#sent().run();
  }

  all(): Promise<unknown> {
    return this.#sent().all();
  }

  raw(...options: [{ columnNames: true }]): Promise<unknown> {
    return this.#sent().raw(...options);
  }

  #sent(): D1PreparedStatement {
    this.#count.sent += 1;
    return this.inner;
  }
}
