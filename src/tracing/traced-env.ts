/**
 * The bindings with spans around their calls, so that no code that uses them knows of tracing. Each env is
 * wrapped once: settings are remembered by env, and a new env each time would have them parsed each time.
 */

import type { Env } from "#platform/env.ts";
import { shardNames } from "#platform/shards.ts";
import { tracedDatabase } from "./traced-d1.ts";
import { tracedNamespace } from "./traced-ledger.ts";

const traced = new WeakMap<Env, Env>();

export function tracedEnv(env: Env): Env {
  const known = traced.get(env);
  if (known !== undefined) return known;
  const wrapped: Env = { ...env };
  const bindings = wrapped as unknown as Record<string, D1Database>;
  for (const name of ["DIRECTORY", ...shardNames(env)]) {
    const database = bindings[name];
    if (database !== undefined) bindings[name] = tracedDatabase(database, name);
  }
  if (env.LEDGER !== undefined) wrapped.LEDGER = tracedNamespace(env.LEDGER, "Ledger");
  traced.set(env, wrapped);
  traced.set(wrapped, wrapped);
  return wrapped;
}
