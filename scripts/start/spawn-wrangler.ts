import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";

/**
 * Starts wrangler on a leash (leash.ts): closing its standard input ends it and all that it started.
 * The group of its own keeps Ctrl-C from reaching it before us.
 */
export function spawnWrangler(args: string[]): ChildProcessWithoutNullStreams {
  const leash = spawn(process.execPath, ["scripts/start/leash.ts", ...args], {
    detached: true,
    env: wranglerEnv(process.env),
    stdio: ["pipe", "pipe", "pipe"],
  });
  leash.once("exit", () => endGroup(leash.pid!));
  return leash;
}

/** What outlives wrangler is a workerd that holds the port. */
function endGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/**
 * No network, no questions, no telemetry, nothing written outside the project. The local explorer is
 * off because it reads the databases without a token.
 */
function wranglerEnv(parent: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
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
