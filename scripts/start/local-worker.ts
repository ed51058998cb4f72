import { spawn } from "node:child_process";
import { once } from "node:events";

/** The Worker, ready to run on this machine: made once, for every run that follows. */
export interface LocalWorker {
  /** One module. */
  script: string;
  /** The policy engine's, but for its wasm. */
  policyScript: string;
  /** What wrangler.toml and .dev.vars say, in Miniflare's terms. */
  options: Record<string, unknown>;
  databases: Database[];
  crons: string[];
}

export interface Database {
  binding: string;
  /** In the order in which they are applied. */
  migrations: Migration[];
}

export interface Migration {
  /** The file's name, by which the database remembers it. */
  name: string;
  statements: string[];
}

/**
 * Built in a process of its own: wrangler, which alone reads its file as a deployment would, takes 100 MB
 * that need not stay for as long as the Worker serves.
 */
export async function buildLocalWorker(signal: AbortSignal): Promise<LocalWorker> {
  const builder = spawn(process.execPath, ["scripts/start/build-worker.ts"], {
    env: quietEnv(process.env),
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    signal,
  });
  const built = once(builder, "message") as Promise<[LocalWorker]>;
  const ended = once(builder, "exit").then(([code]) => {
    throw new Error(`the Worker was not built (exit code ${code}): what is above says why`);
  });
  try {
    const [worker] = await Promise.race([built, ended]);
    return worker;
  } finally {
    // Both are told of an abort, and one of them wins the race.
    for (const other of [built, ended]) other.catch(() => undefined);
    builder.kill("SIGKILL");
  }
}

/** No network, no questions, no telemetry, nothing written outside the project. */
function quietEnv(parent: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  // CLOUDFLARE_ENV would make wrangler read .dev.vars.<env> instead of the file that we checked.
  const { CLOUDFLARE_ENV: _, ...env } = parent;
  return {
    ...env,
    CI: "1",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_LOG_PATH: ".wrangler/logs",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_SEND_METRICS: "false",
  };
}
