/**
 * Runs before every test file: storage is isolated per file, so each file starts from the same
 * migrated databases that a deployment has.
 */
import { applyD1Migrations, type D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";

interface MigratedEnv {
  DIRECTORY: D1Database;
  SHARD_0: D1Database;
  DIRECTORY_MIGRATIONS: D1Migration[];
  SHARD_MIGRATIONS: D1Migration[];
}

const migrated = env as unknown as MigratedEnv;

await applyD1Migrations(migrated.DIRECTORY, migrated.DIRECTORY_MIGRATIONS);
await applyD1Migrations(migrated.SHARD_0, migrated.SHARD_MIGRATIONS);
