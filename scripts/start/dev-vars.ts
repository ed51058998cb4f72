import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { fileError } from "./file-error.ts";

const requiredNames = ["MCPG_ADMIN_TOKEN"] as const;
/** Of each one version at least: the first may go once a later one has taken over. As src/vault/root-keys.ts has them. */
const VERSIONED = {
  MCPG_LEDGER_SEED: /^MCPG_LEDGER_SEED(_([2-9]|[1-9]\d))?$/,
  MCPG_PAYLOAD_KEK: /^MCPG_PAYLOAD_KEK(_([2-9]|[1-9]\d))?$/,
};

const key = { form: /^[A-Za-z0-9+/]{43}=$/, is: "32 bytes in base64 (openssl rand -base64 32)" };
/** As the Worker wants them, which would say so of one at a time, and only once it runs. */
const forms: Record<string, { form: RegExp; is: string }> = {
  MCPG_ADMIN_TOKEN: {
    form: /^(?!mcpgst_)[A-Za-z0-9._~+/-]{8,512}=*$/,
    is: "8 to 512 characters that a bearer token may have (openssl rand -hex 32), not beginning with mcpgst_",
  },
};

export type DevVars = Record<(typeof requiredNames)[number], string>;

/** Reads `.dev.vars`, written first with fresh secrets when it is missing; never changes one. */
export function readDevVars(path: string): DevVars {
  if (writeIfMissing(path, freshDevVars())) console.log(`wrote ${path} with fresh random secrets`);
  return parseDevVars(readText(path), path);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw fileError(`read ${path}`, error, "make it readable: the secrets are in it");
  }
}

/** Names what is wrong, and shows no value. */
export function parseDevVars(text: string, path: string): DevVars {
  // Node takes the line after a value of spaces for that value.
  const vars = parseEnv(text.replaceAll(/[ \t]+$/gm, ""));
  const missing: string[] = requiredNames.filter((name) => !vars[name]);
  const keys = Object.entries(VERSIONED).flatMap(([first, form]) => {
    const versions = Object.keys(vars).filter((name) => form.test(name));
    if (!versions.some((name) => vars[name])) missing.push(first);
    return versions;
  });
  if (missing.length > 0) {
    throw new Error(
      `${path} lacks ${missing.join(", ")}: add what is missing, or move the file away and start again to get fresh ones (what was sealed and signed with the old ones then stays unreadable)`,
    );
  }
  const wanted = [...Object.entries(forms), ...keys.map((name) => [name, key] as const)];
  const malformed = wanted.filter(([name, { form }]) => !form.test(vars[name] ?? ""));
  if (malformed.length > 0) {
    const faults = malformed.map(([name, { is }]) => `${name} must be ${is}`);
    throw new Error(`${path}: ${faults.join("; ")}`);
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
    throw fileError(`write ${path}`, error, "make the folder writable, or put the file there");
  }
}
