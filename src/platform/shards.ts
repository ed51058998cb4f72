/** The bound shards: another `SHARD_<n>` in wrangler.toml is all it takes to add one. */
import type { Env } from "./env.ts";
import { readBinding, refuseSetting, setting } from "./settings.ts";

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

/** What D1 lets a database have on a paid plan (developers.cloudflare.com/d1/platform/limits): 10 GB. */
const SHARD_BYTES_DEFAULT = 10_000_000_000;
/** An empty one has 102,400. */
const SHARD_BYTES_MIN = 200_000;

/** `MCPG_SHARD_BYTES_MAX`, for plans that give a database less: 500000000 on the free one. */
export const shardBytesMax = setting(({ MCPG_SHARD_BYTES_MAX }) => {
  const text = String(MCPG_SHARD_BYTES_MAX ?? "");
  if (text === "") return SHARD_BYTES_DEFAULT;
  const bytes = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (bytes >= SHARD_BYTES_MIN) return bytes;
  return refuseSetting("MCPG_SHARD_BYTES_MAX", "must be a number of bytes, 200000 or more");
});
