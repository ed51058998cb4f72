/** The bound shards: another `SHARD_<n>` in wrangler.toml is all it takes to add one. */
import type { Env } from "./env.ts";
import { readBinding, refuseSetting } from "./settings.ts";

const SHARD = /^SHARD_\d+$/;

/** Oldest first. */
export function shardNames(env: Env): string[] {
  return Object.keys(env)
    .filter((binding) => SHARD.test(binding))
    .sort((a, b) => Number(a.slice(6)) - Number(b.slice(6)));
}

/** The same bindings with each database, the directory and the shards, as `wrap` makes it. */
export function mapDatabases(env: Env, wrap: (db: D1Database, binding: string) => D1Database): Env {
  const mapped: Env = { ...env };
  const bindings = mapped as unknown as Record<string, D1Database>;
  for (const name of ["DIRECTORY", ...shardNames(env)]) {
    const database = bindings[name];
    if (database !== undefined) bindings[name] = wrap(database, name);
  }
  return mapped;
}

export function shardDatabase(env: Env, name: string): D1Database {
  const database = SHARD.test(name) ? readBinding(env, name) : undefined;
  return (database as D1Database | undefined) ?? refuseSetting(name, "is not bound");
}
