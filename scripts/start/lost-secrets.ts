import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * Before anything is written: what lies in a state folder was signed and sealed with secrets that lie in another
 * place. Fresh ones in their stead would be refused as wrong, once the file that could have been restored is there anew.
 */
export function refuseLostSecrets(devVarsPath: string, stateDir: string): void {
  if (existsSync(devVarsPath) || !hasDatabases(stateDir)) return;
  throw new Error(
    `${devVarsPath} is missing, and ${stateDir} has databases of an earlier start, whose logs were signed with the secrets in that file; nothing was written. ` +
      `Put the file back where it was; or begin anew, in another folder: MCPG_STATE_DIR=${stateDir}-new npm start`,
  );
}

/** Where Miniflare keeps them (miniflare-of.ts). */
function hasDatabases(stateDir: string): boolean {
  const folder = join(stateDir, "v3");
  if (!existsSync(folder)) return false;
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.some((name) => name.endsWith(".sqlite"));
}
