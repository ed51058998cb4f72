// What buildLocalWorker runs: reads wrangler.toml as wrangler does, bundles the Worker, and sends both.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  unstable_getMiniflareWorkerOptions as miniflareOptionsOf,
  unstable_readConfig as readConfig,
  unstable_splitSqlQuery as splitStatements,
} from "wrangler";
import { buildDashboard } from "../build-dashboard.ts";
import { buildSha256 } from "../build-sha256.ts";
import { bundlePolicyWorker } from "../policy-bundle.ts";
import { bundleWorker } from "../worker-bundle.ts";
import type { Database, LocalWorker, Migration } from "./local-worker.ts";

const configPath = "wrangler.toml";

/** What a deployment would not have. */
const localBindings = {
  MCPG_LOCAL: "true",
  MCPG_DEFAULT_ORG_TIER: "enterprise",
  // A collector or receiver on this machine.
  MCPG_ALLOW_LOOPBACK: "true",
};

async function main(): Promise<LocalWorker> {
  // Before the configuration is read, which names its folder.
  await buildDashboard();
  buildSha256();
  const config = readConfig({ config: configPath });
  const { workerOptions, main: entry } = miniflareOptionsOf(configPath);
  // One module has no others to find rules for.
  const { modulesRules: _, ...options } = workerOptions as Record<string, unknown>;
  const bindings = { ...(options["bindings"] as object), MCPG_COMMIT: commit(), ...localBindings };
  return {
    script: await bundleWorker(entry!),
    policyScript: await bundlePolicyWorker(),
    // The name is also that of the folder where Durable Objects lie.
    options: { ...options, name: config.name, bindings },
    databases: config.d1_databases.map(databaseOf),
    crons: config.triggers.crons ?? [],
  };
}

function databaseOf({ binding, migrations_dir: folder = "migrations" }: D1Config): Database {
  const names = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  return { binding, migrations: names.sort().map((name) => migrationOf(folder, name)) };
}

type D1Config = ReturnType<typeof readConfig>["d1_databases"][number];

function migrationOf(folder: string, name: string): Migration {
  return { name, statements: splitStatements(readFileSync(join(folder, name), "utf8")) };
}

/** Empty where this is no git checkout, as in an archive. */
function commit(): string {
  const { stdout } = spawnSync("git", ["rev-parse", "HEAD"], { encoding: "utf8" });
  return stdout?.trim() ?? "";
}

process.send!(await main());
