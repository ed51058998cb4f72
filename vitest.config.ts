import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const directoryMigrations = await readD1Migrations("./migrations/directory");
const shardMigrations = await readD1Migrations("./migrations/shard");

export default defineConfig({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        bindings: {
          DIRECTORY_MIGRATIONS: directoryMigrations,
          SHARD_MIGRATIONS: shardMigrations,
          MCPG_ADMIN_TOKEN: "test-administrator-token-0123456789",
          MCPG_METRICS_TOKEN: "test-metrics-token-0123456789",
          MCPG_LEDGER_SEED: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
          MCPG_PAYLOAD_KEK: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
          MCPG_DEFAULT_ORG_TIER: "enterprise",
        },
      },
    }),
  ],
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/e2e/**", "test/bench/**"],
    setupFiles: ["./test/apply-migrations.ts"],
    testTimeout: 30_000,
  },
});
