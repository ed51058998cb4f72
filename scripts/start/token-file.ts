import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileError } from "./file-error.ts";

/** A service token that a program on this machine reads from a file. */
export interface TokenFile {
  path: string;
  org: string;
  name: string;
  actor: string;
  scopes: string[];
  /** Under the org: answers 200 while the token works. */
  probe: string;
}

/** Keeps the file's token while it works, else mints another: a token is shown only once. */
export async function ensureTokenFile(base: string, adminToken: string, file: TokenFile) {
  const token = readToken(file.path);
  if (token !== null && (await works(base, file, token))) return;
  const response = await fetch(`${base}${pathOf(file)}/service-tokens`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
    body: JSON.stringify({ name: file.name, scopes: file.scopes, actor: file.actor }),
  });
  const answer = await response.text();
  if (response.status !== 201) {
    throw new Error(`no service token for ${file.name}: ${response.status} ${answer}`);
  }
  writeSecret(file.path, (JSON.parse(answer) as { token: string }).token);
}

/** Null where there is none. What is in a file that we did not write is not shown, nor written over. */
function readToken(path: string): string | null {
  const advice = "move it away and start again to get a fresh token";
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw fileError(`read ${path}`, error, advice);
  }
  if (text === "") return null;
  if (/^mcpgst_[A-Za-z0-9_-]+$/.test(text)) return text;
  throw new Error(`${path} holds something else than a service token: ${advice}`);
}

async function works(base: string, file: TokenFile, token: string): Promise<boolean> {
  const authorization = `Bearer ${token}`;
  const path = `${pathOf(file)}${file.probe}`;
  const response = await fetch(`${base}${path}`, { headers: { authorization } });
  await response.body?.cancel();
  if (response.status === 200) return true;
  if (response.status === 401 || response.status === 403) return false;
  throw new Error(`${path} answers ${response.status} to the token of ${file.name}`);
}

function pathOf({ org }: TokenFile): string {
  return `/v1/orgs/${org}`;
}

/** Whole or not at all: a start that is killed leaves no half of a token. */
function writeSecret(path: string, secret: string): void {
  const unfinished = `${path}.new`;
  try {
    rmSync(unfinished, { force: true });
    writeFileSync(unfinished, secret, { mode: 0o600, flag: "wx" });
    renameSync(unfinished, path);
  } catch (error) {
    throw fileError(`write ${path}`, error, "make the state folder writable");
  }
}
