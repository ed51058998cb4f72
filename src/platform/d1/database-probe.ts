import type { Env } from "#platform/env.ts";
import { shardDatabase, shardNames } from "#platform/shards.ts";

/** Fails unless every database answers and is migrated: the directory and each shard have a table of orgs. */
export function probeDatabases(env: Env): Promise<unknown> {
  const shards = shardNames(env).map((name) => shardDatabase(env, name));
  const answers = [env.DIRECTORY, ...shards].map((database) =>
    database.prepare("SELECT 1 FROM orgs LIMIT 1").first(),
  );
  return Promise.all(answers);
}
