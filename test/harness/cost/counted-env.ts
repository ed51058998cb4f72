/** The Worker's bindings with all that is billed counted. */
import type { Env } from "#platform/env.ts";
import { countedDatabase } from "../counted-d1.ts";
import { asObjectRequest, noteRows } from "./tally.ts";

const counted = new WeakMap<Env, Env>();

/** One env a real env, as in production: settings are parsed once. */
export function countedEnv(env: Env): Env {
  const known = counted.get(env);
  if (known !== undefined) return known;
  const wrapped = {
    ...env,
    DIRECTORY: countedD1(env.DIRECTORY),
    SHARD_0: countedD1(env.SHARD_0),
    LEDGER: countedObjects(env.LEDGER),
  };
  counted.set(env, wrapped);
  counted.set(wrapped, wrapped);
  return wrapped;
}

function countedD1(db: D1Database): D1Database {
  return countedDatabase(db, (sql, { rows_read, rows_written }) =>
    noteRows("d1", sql, { rowsRead: rows_read, rowsWritten: rows_written }),
  );
}

type Callable = Record<string, (...args: unknown[]) => Promise<unknown>>;

function countedObjects(objects: DurableObjectNamespace): DurableObjectNamespace {
  return new Proxy(objects, {
    get: (target, property) => {
      const value: unknown = Reflect.get(target, property);
      if (property === "getByName") return (name: string) => countedStub(target.getByName(name));
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** The runtime's stub has a method of every name, but for its own. */
const PLAIN = new Set(["id", "name", "then", "dup", "constructor"]);

function countedStub(stub: DurableObjectStub): DurableObjectStub {
  return new Proxy(stub, {
    get(target, property) {
      if (typeof property === "symbol" || PLAIN.has(property)) return Reflect.get(target, property);
      return (...args: unknown[]) =>
        asObjectRequest(async () => (target as unknown as Callable)[property]?.(...args));
    },
  });
}
