import { defaultPort, defaultStateDir } from "./settings.ts";

export const usage = `npm start: the Worker with its databases, its cron and its tokens, on this machine alone.

It takes no arguments, but from the environment:
  PORT            where it listens, on 127.0.0.1 (default ${defaultPort}; 0: any free port)
  MCPG_STATE_DIR  the folder of the databases and the tokens (default ${defaultStateDir});
                  a second npm start needs another PORT and another folder
  MCPG_INSPECTOR  1: a debugger may attach on 127.0.0.1:9229 (it reads every secret; default: none listens)

Secrets are read from .dev.vars, which is written with fresh ones when it is missing, unless the folder
has databases already: what was signed and sealed in them needs the secrets that it was signed with.`;

/** True if help was asked for; an argument that is not known is an error. */
export function asksForHelp(args: readonly string[]): boolean {
  const [unknown] = args.filter((arg) => !["--help", "-h", "help"].includes(arg));
  if (unknown !== undefined) throw new Error(`${unknown}: no such argument\n\n${usage}`);
  return args.length > 0;
}
