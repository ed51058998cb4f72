import { resolve } from "node:path";

export interface Settings {
  port: number;
  /** Absolute: wrangler resolves a relative one against the configuration, a shell against itself. */
  stateDir: string;
  /** Absent: no inspector listens. */
  inspectorPort?: number;
}

export const defaultPort = 8787;
export const defaultStateDir = ".wrangler/state";
/** Where debuggers look. */
const inspectorPort = 9229;

/** `PORT` (0: any free one), `MCPG_STATE_DIR` (a relative folder is the project's) and `MCPG_INSPECTOR` (1: on). */
export function parseSettings(env: NodeJS.ProcessEnv, projectDir: string): Settings {
  const { PORT: port = "", MCPG_STATE_DIR: stateDir = "", MCPG_INSPECTOR: inspector = "" } = env;
  if (!["", "0", "1"].includes(inspector)) throw new Error("MCPG_INSPECTOR must be 1, or not set");
  return {
    port: port === "" ? defaultPort : parsePort(port),
    stateDir: resolve(projectDir, stateDir === "" ? defaultStateDir : stateDir),
    ...(inspector === "1" && { inspectorPort }),
  };
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new Error(`PORT=${text} is no port: it must be 0 to 65535`);
  return port;
}
