import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { parseEnv } from "node:util";

const requiredNames = ["MCPG_ADMIN_TOKEN", "MCPG_LEDGER_SEED", "MCPG_PAYLOAD_KEK"] as const;

export type DevVars = Record<(typeof requiredNames)[number], string>;

/** Reads `.dev.vars`, written first with fresh secrets when it is missing; never changes one. */
export function readDevVars(path: string): DevVars {
  if (writeIfMissing(path, freshDevVars())) console.log(`wrote ${path} with fresh random secrets`);
  return parseDevVars(readFileSync(path, "utf8"), path);
}

function parseDevVars(text: string, path: string): DevVars {
  const vars = parseEnv(text);
  const missing = requiredNames.filter((name) => !vars[name]);
  if (missing.length > 0) {
    throw new Error(
      `${path} lacks ${missing.join(", ")}: add what is missing, or move the file away and start again to get fresh ones (what was sealed and signed with the old ones then stays unreadable)`,
    );
  }
  return vars as unknown as DevVars;
}

function freshDevVars(): string {
  return [
    "# Local secrets, written once by npm start. Keep them with the state folder: the ledger's keys and",
    "# the payloads' keys derive from them.",
    `MCPG_ADMIN_TOKEN=mcpg-admin-${randomBytes(32).toString("base64url")}`,
    `MCPG_METRICS_TOKEN=mcpg-metrics-${randomBytes(32).toString("base64url")}`,
    `MCPG_LEDGER_SEED=${randomBytes(32).toString("base64")}`,
    `MCPG_PAYLOAD_KEK=${randomBytes(32).toString("base64")}`,
    "",
  ].join("\n");
}

/** Exclusive creation: of two first starts at once, one writes and both read the same file. */
function writeIfMissing(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
