/**
 * D1 whose every call a test may watch, fail, or race: `around` gets the SQL and the call itself, to
 * make it, not to make it, or to do something else before or after.
 */
export type Around = (
  sql: string,
  send: () => Promise<unknown>,
  isBatch: boolean,
) => Promise<unknown>;

export const LOST = "D1_ERROR: Network connection lost.";

export function watchedD1(db: D1Database, around: Around): D1Database {
  const originals = new WeakMap<object, { statement: D1PreparedStatement; sql: string }>();

  const watch = (sql: string, statement: D1PreparedStatement): D1PreparedStatement => {
    const proxy = new Proxy(statement, {
      get: (target, property) => {
        const value = Reflect.get(target, property) as (...args: unknown[]) => unknown;
        if (property === "bind") {
          return (...values: unknown[]) => watch(sql, target.bind(...values));
        }
        return (...args: unknown[]) =>
          around(sql, () => value.apply(target, args) as Promise<unknown>, false);
      },
    });
    originals.set(proxy, { statement, sql });
    return proxy;
  };

  return new Proxy(db, {
    get: (target, property) => {
      if (property === "prepare") return (sql: string) => watch(sql, target.prepare(sql));
      if (property === "batch") {
        return (statements: D1PreparedStatement[]) => {
          const known = statements.map((statement) => originals.get(statement)!);
          const sql = known.map((one) => one.sql).join(";\n");
          return around(sql, () => target.batch(known.map(({ statement }) => statement)), true);
        };
      }
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Fails calls whose SQL holds `part`: before they reach D1, or once they took effect there. */
export function losing(part: string, when: "before" | "after"): Around {
  return async (sql, send) => {
    if (!sql.includes(part)) return send();
    if (when === "after") await send();
    throw new Error(LOST);
  };
}

export type Fault = "before" | "after" | null;

/** Fails batches alone: `faultOf` is asked for each by number, from 0. */
export function faultyD1(db: D1Database, faultOf: (batch: number) => Fault): D1Database {
  let batches = 0;
  return watchedD1(db, (sql, send, isBatch) => {
    const fault = isBatch ? faultOf(batches++) : null;
    return fault === null ? send() : losing("", fault)(sql, send, isBatch);
  });
}
