import { availableParallelism } from "node:os";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { buildDashboard } from "./scripts/build-dashboard.ts";
import { buildSha256 } from "./scripts/build-sha256.ts";
import { bundlePolicyWorker, policyWorkerOptions } from "./scripts/policy-bundle.ts";

const directoryMigrations = await readD1Migrations("./migrations/directory");
const shardMigrations = await readD1Migrations("./migrations/shard");

// The Worker under test serves it (wrangler.toml, assets).
await buildDashboard();
buildSha256();

const policyScript = await bundlePolicyWorker();

const workers = () =>
  cloudflareTest({
    wrangler: { configPath: "./wrangler.toml" },
    miniflare: {
      workers: [policyWorkerOptions(policyScript)],
      bindings: {
        DIRECTORY_MIGRATIONS: directoryMigrations,
        SHARD_MIGRATIONS: shardMigrations,
        MCPG_ADMIN_TOKEN: "test-administrator-token-0123456789",
        MCPG_METRICS_TOKEN: "test-metrics-token-0123456789",
        MCPG_LEDGER_SEED: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        MCPG_PAYLOAD_KEK: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        MCPG_DEFAULT_ORG_TIER: "enterprise",
        MCPG_LOCAL: "true",
      },
    },
  });

const common = { setupFiles: ["./test/apply-migrations.ts"], testTimeout: 30_000 };

/** Suites that tick the cron over every org there is, break databases, or see what all orgs do: each file has its own. */
const ALONE = [
  "test/audit/ledger/{expiry,freezing}.test.ts",
  "test/audit/{recovery,audit-jobs,seeds,second-seed,origin}.test.ts",
  "test/*.test.ts",
  "test/{calls,otlp}/store/**/*.test.ts",
  "test/orgs/{directory,space}.test.ts",
  "test/{streams,delivery}/**/*.test.ts",
  "test/vault/{kek-rotation,key-lives}.test.ts",
  "test/gateway/figures/gateway-metrics.test.ts",
  "test/gateway/identity/{token-attacks,issuer-keys}.test.ts",
  "test/gateway/plugins/probe.test.ts",
];

export default defineConfig({
  test: {
    // Vitest would leave a core free, which of CI's two is half.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        plugins: [workers()],
        // One runtime for all: each test has its own org, and a start takes longer than most files.
        test: {
          ...common,
          name: "shared",
          isolate: false,
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**", "test/bench/**", ...ALONE],
        },
      },
      { plugins: [workers()], test: { ...common, name: "alone", include: ALONE } },
    ],
  },
});
