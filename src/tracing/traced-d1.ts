/**
 * D1 with a CLIENT span for each round trip, by OpenTelemetry's semantic conventions for databases
 * (docs/db/database-spans.md): which statement it was, never with what values. Outside of a trace each call
 * goes through to the binding, at the cost of one more call.
 */
import { type Attributes, type AttributeValue, SPAN_KIND } from "#formats/otlp/trace-model.ts";
import { measured, type SpanDescription } from "./active-span.ts";
import { summaryOf } from "./query-summary.ts";

/** The name that Workers' own tracing gives D1, for which the conventions have no value. */
const DB_SYSTEM = "cloudflare-d1";

export function tracedDatabase(inner: D1Database, binding: string): D1Database {
  return new TracedDatabase(inner, binding) as unknown as D1Database;
}

class TracedDatabase {
  readonly #inner: D1Database;
  readonly #binding: string;

  constructor(inner: D1Database, binding: string) {
    this.#inner = inner;
    this.#binding = binding;
  }

  prepare(sql: string): TracedStatement {
    return new TracedStatement(this.#inner.prepare(sql), sql, this.#binding);
  }

  batch(statements: readonly TracedStatement[]): Promise<unknown> {
    const describe = () => batchDescription(statements, this.#binding);
    return measured(describe, () => this.#inner.batch(statements.map(unwrapped)));
  }

  exec(sql: string): Promise<unknown> {
    return measured(
      () => statementDescription(sql, this.#binding),
      () => this.#inner.exec(sql),
    );
  }

  withSession(constraint?: string): D1DatabaseSession {
    return this.#inner.withSession(constraint);
  }
}

class TracedStatement {
  readonly inner: D1PreparedStatement;
  readonly sql: string;
  readonly #binding: string;

  constructor(inner: D1PreparedStatement, sql: string, binding: string) {
    this.inner = inner;
    this.sql = sql;
    this.#binding = binding;
  }

  bind(...values: unknown[]): TracedStatement {
    return new TracedStatement(this.inner.bind(...values), this.sql, this.#binding);
  }

  first(...column: [string]): Promise<unknown> {
    return this.#measured(() => this.inner.first(...column));
  }

  run(): Promise<unknown> {
    return this.#measured(() => this.inner.run());
  }

  all(): Promise<unknown> {
    return this.#measured(() => this.inner.all());
  }

  raw(...options: [{ columnNames: true }]): Promise<unknown> {
    return this.#measured(() => this.inner.raw(...options));
  }

  #measured(work: () => Promise<unknown>): Promise<unknown> {
    return measured(() => statementDescription(this.sql, this.#binding), work);
  }
}

function unwrapped(statement: TracedStatement | D1PreparedStatement): D1PreparedStatement {
  return statement instanceof TracedStatement ? statement.inner : statement;
}

function statementDescription(sql: string, binding: string): SpanDescription {
  const summary = summaryOf(sql);
  return clientSpan(summary, binding, [
    ["db.operation.name", summary.split(" ", 1)[0] ?? summary],
    ["db.query.summary", summary],
  ]);
}

/**
 * "BATCH", with the operation where all statements have the same (`db.operation.name`). A batch of one is
 * described as its statement.
 */
function batchDescription(statements: readonly TracedStatement[], binding: string) {
  const [first] = statements;
  if (first !== undefined && statements.length === 1)
    return statementDescription(first.sql, binding);
  const operations = new Set(statements.map(({ sql }) => summaryOf(sql).split(" ", 1)[0]));
  const operation = operations.size === 1 ? `BATCH ${[...operations][0]}` : "BATCH";
  return clientSpan(`${operation} ${binding}`, binding, [
    ["db.operation.name", operation],
    ["db.operation.batch.size", statements.length],
  ]);
}

function clientSpan(
  name: string,
  binding: string,
  attributes: readonly (readonly [string, AttributeValue])[],
): SpanDescription {
  const all: Attributes = new Map([
    ["db.system.name", DB_SYSTEM],
    ["db.namespace", binding],
    ...attributes,
  ]);
  return { name, kind: SPAN_KIND.client, attributes: all };
}
