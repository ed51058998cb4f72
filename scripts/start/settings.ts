import { resolve } from "node:path";

export interface Settings {
  port: number;
  /** Absolute: wrangler resolves a relative one against the configuration, a shell against itself. */
  stateDir: string;
}

export const defaultPort = 8787;
export const defaultStateDir = ".wrangler/state";

/** `PORT` (0: any free one) and `MCPG_STATE_DIR`; a relative folder is the project's. */
export function parseSettings(env: NodeJS.ProcessEnv, projectDir: string): Settings {
  const { PORT: port = "", MCPG_STATE_DIR: stateDir = "" } = env;
  return {
    port: port === "" ? defaultPort : parsePort(port),
    stateDir: resolve(projectDir, stateDir === "" ? defaultStateDir : stateDir),
  };
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new Error(`PORT=${text} is no port: it must be 0 to 65535`);
  return port;
}
