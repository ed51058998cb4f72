import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";

const orgPath = "/v1/orgs/default";

/** A service token that a program on this machine reads from a file. */
export interface TokenFile {
  path: string;
  name: string;
  actor: string;
  scopes: string[];
  /** Under the org: answers 200 while the token works. */
  probe: string;
}

/** Keeps the file's token while it works, else mints another: a token is shown only once. */
export async function ensureTokenFile(base: string, adminToken: string, file: TokenFile) {
  if (existsSync(file.path) && (await works(base, file))) return;
  const response = await fetch(`${base}${orgPath}/service-tokens`, {
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

async function works(base: string, file: TokenFile): Promise<boolean> {
  const authorization = `Bearer ${readFileSync(file.path, "utf8").trim()}`;
  const response = await fetch(`${base}${orgPath}${file.probe}`, { headers: { authorization } });
  await response.body?.cancel();
  if (response.status === 200) return true;
  if (response.status === 401 || response.status === 403) return false;
  throw new Error(
    `${orgPath}${file.probe} answers ${response.status} to the token of ${file.name}`,
  );
}

function writeSecret(path: string, secret: string): void {
  writeFileSync(path, secret, { mode: 0o600 });
  // The mode above counts only for a file that is new.
  chmodSync(path, 0o600);
}
