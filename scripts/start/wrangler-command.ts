import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "./settings.ts";

export const wranglerBin = "node_modules/wrangler/bin/wrangler.js";

/**
 * No network, no questions, no telemetry, nothing written outside the project. The local explorer is
 * off because it reads the databases without a token.
 */
export function wranglerEnv(parent: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  // CLOUDFLARE_ENV would make wrangler read .dev.vars.<env> instead of the file that we checked.
  const { CLOUDFLARE_ENV: _, ...env } = parent;
  return {
    ...env,
    CI: "1",
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_LOG_PATH: ".wrangler/logs",
    WRANGLER_REGISTRY_PATH: ".wrangler/registry",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_SEND_METRICS: "false",
    X_LOCAL_EXPLORER: "false",
    X_LOCAL_OBSERVABILITY: "false",
  };
}

export function devArguments({ port, stateDir }: Settings): string[] {
  return [
    "dev",
    ...["--ip", "127.0.0.1", "--port", String(port), "--persist-to", stateDir],
    ...["--var", "MCPG_DEFAULT_ORG_TIER:enterprise"],
    "--show-interactive-dev-session=false",
  ];
}

/**
 * One database after the other: two wranglers at once would write one metadata file. The bindings
 * come from wrangler.toml, so that another shard is migrated without a change here.
 */
export async function applyMigrations(stateDir: string, signal: AbortSignal): Promise<void> {
  for (const binding of databaseBindings(readFileSync("wrangler.toml", "utf8"))) {
    const options = ["--local", "--persist-to", stateDir];
    await runWrangler(["d1", "migrations", "apply", binding, ...options], signal);
  }
}

function databaseBindings(wranglerToml: string): string[] {
  const tables = wranglerToml.split(/^\[\[d1_databases\]\]$/m).slice(1);
  return tables.flatMap((table) => table.match(/^binding = "(\w+)"$/m)?.[1] ?? []);
}

/** Silent when it succeeds: a migration's table of check marks tells a user nothing. */
function runWrangler(args: string[], signal: AbortSignal): Promise<void> {
  return new Promise((succeeded, failed) => {
    const child = spawn(process.execPath, [join(wranglerBin), ...args], {
      env: wranglerEnv(process.env),
      stdio: ["ignore", "pipe", "pipe"],
      signal,
    });
    let output = "";
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.once("error", failed);
    child.once("close", (code) => {
      if (code === 0) succeeded();
      else failed(new Error(`wrangler ${args.join(" ")} failed (${code}):\n${output}`));
    });
  });
}
