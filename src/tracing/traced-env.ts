/**
 * The bindings with spans around their calls, so that no code that uses them knows of tracing. Each env is
 * wrapped once: settings are remembered by env, and a new env each time would have them parsed each time.
 */

import type { Env } from "#platform/env.ts";
import { mapDatabases } from "#platform/shards.ts";
import { tracedDatabase } from "./traced-d1.ts";
import { tracedNamespace } from "./traced-ledger.ts";

const traced = new WeakMap<Env, Env>();

export function tracedEnv(env: Env): Env {
  const known = traced.get(env);
  if (known !== undefined) return known;
  const wrapped = mapDatabases(env, tracedDatabase);
  if (env.LEDGER !== undefined) wrapped.LEDGER = tracedNamespace(env.LEDGER, "Ledger");
  traced.set(env, wrapped);
  traced.set(wrapped, wrapped);
  return wrapped;
}
