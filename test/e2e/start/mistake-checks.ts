/** What a newcomer gets wrong: each mistake is named, with what to do, and no secret is shown. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDevVars } from "../../../scripts/start/dev-vars.ts";
import { refuseLostSecrets } from "../../../scripts/start/lost-secrets.ts";
import { parseSettings } from "../../../scripts/start/settings.ts";
import { lockStateDir } from "../../../scripts/start/state-lock.ts";
import { ensureTokenFile } from "../../../scripts/start/token-file.ts";
import { asksForHelp } from "../../../scripts/start/usage.ts";
import type { Checks } from "../checks.ts";

const SECRET = "hunter2-hunter2";

export async function checkMistakes(checks: Checks): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "mcpg-mistakes-"));
  try {
    await checkSettings(checks);
    await checkDevVars(checks, join(folder, ".dev.vars"));
    await checkStateFolder(checks, folder);
    await checkLostSecrets(checks, folder);
    await checkTokenFiles(checks, join(folder, "local-token"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The message that it fails with, or what it returned. */
async function messageOf(run: () => unknown): Promise<string> {
  try {
    return `no error: ${await run()}`;
  } catch (error) {
    return (error as Error).message;
  }
}

async function checkSettings(checks: Checks): Promise<void> {
  checks.equal(
    "knows who asks for help",
    [asksForHelp(["--help"]), asksForHelp([])],
    [true, false],
  );
  const parse = (env: NodeJS.ProcessEnv) => () => parseSettings(env, "/");
  const refused = [
    parse({ PORT: "http" }),
    parse({ PORT: "65536" }),
    parse({ MCPG_INSPECTOR: "yes" }),
    () => asksForHelp(["--port=1"]),
  ];
  for (const run of refused) await expectMessage(checks, run, /PORT=|MCPG_INSPECTOR|--port=1/);
  checks.equal("opens no inspector unless asked to", parse({})().inspectorPort, undefined);
}

async function checkDevVars(checks: Checks, path: string): Promise<void> {
  readDevVars(path);
  const text = readFileSync(path, "utf8");
  const { MCPG_METRICS_TOKEN: _, ...taken } = readDevVars(path) as Record<string, unknown>;
  checks.equal("takes the secrets that it wrote", Object.keys(taken).length, 3);
  for (const name of ["MCPG_ADMIN_TOKEN", "MCPG_LEDGER_SEED", "MCPG_PAYLOAD_KEK"]) {
    for (const value of ["", "  ", `${SECRET} x`, "mcpgst_hunter2-hunter2"]) {
      writeFileSync(path, text.replace(new RegExp(`^${name}=.*$`, "m"), `${name}=${value}`));
      await expectMessage(checks, () => readDevVars(path), new RegExp(`\\.dev\\.vars.*${name}`));
    }
    writeFileSync(path, text.replace(new RegExp(`^${name}=.*\n`, "m"), ""));
    await expectMessage(checks, () => readDevVars(path), new RegExp(`\\.dev\\.vars lacks ${name}`));
  }
  writeFileSync(path, text.replace("LEDGER_SEED=", "LEDGER_SEED_2="));
  checks.equal("takes a later seed alone", Object.keys(readDevVars(path)).length, 4);
  await expectMessage(
    checks,
    () => readDevVars(tmpdir()),
    /cannot read .*\(EISDIR\): make it readable/,
  );
  await expectMessage(
    checks,
    () => readDevVars("/proc/none/.dev.vars"),
    /cannot write .*\(ENOENT\): /,
  );
}

async function checkStateFolder(checks: Checks, folder: string): Promise<void> {
  // Also for root, who may write where a mode forbids it, the kernel's own folders are read-only.
  for (const path of ["/sys/mcpg", "/proc/self"]) {
    await expectMessage(
      checks,
      () => lockStateDir(path),
      /^cannot write to the state folder .*MCPG_STATE_DIR/,
    );
  }
  const file = join(folder, ".dev.vars");
  for (const path of [file, join(file, "state")]) {
    await expectMessage(
      checks,
      () => lockStateDir(path),
      /\.dev\.vars is a file, and no folder for the state: .*MCPG_STATE_DIR/,
    );
  }
  using _lock = lockStateDir(folder);
  await expectMessage(
    checks,
    () => lockStateDir(folder),
    /in use by another npm start.*MCPG_STATE_DIR.*PORT/,
  );
}

/** The databases of an earlier start are there, and the file with their secrets is not. */
async function checkLostSecrets(checks: Checks, folder: string): Promise<void> {
  const stateDir = join(folder, "old-state");
  const lost = join(folder, "lost", ".dev.vars");
  const ask = () => refuseLostSecrets(lost, stateDir);
  mkdirSync(join(stateDir, "v3", "d1", "databases"), { recursive: true });
  checks.equal(
    "a folder without a database needs no secrets of before",
    await messageOf(ask),
    "no error: undefined",
  );
  writeFileSync(join(stateDir, "v3", "d1", "databases", "1.sqlite"), "");
  await expectMessage(
    checks,
    ask,
    /lost\/\.dev\.vars is missing, and .*old-state has databases .*nothing was written.*Put the file back.*MCPG_STATE_DIR=/,
  );
  const found = join(folder, ".dev.vars");
  const isTaken = await messageOf(() => refuseLostSecrets(found, stateDir));
  checks.equal("with its file an old folder is taken", isTaken, "no error: undefined");
}

/** Beside a Worker that mints one token, of one org, and knows no other. */
async function checkTokenFiles(checks: Checks, path: string): Promise<void> {
  const minted = "mcpgst_fresh-Token_1";
  const server = createServer((request, response) => {
    const isKnown = request.headers.authorization === `Bearer ${minted}`;
    const isOfOrg = request.url?.startsWith("/v1/orgs/acme/") === true;
    response.statusCode = !isOfOrg ? 404 : request.method === "POST" ? 201 : isKnown ? 200 : 401;
    response.end(JSON.stringify({ token: minted }));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const file = {
    ...{ path, org: "acme", name: "local", actor: "service:local" },
    ...{ scopes: [], probe: "/audit" },
  };
  const ensure = () => ensureTokenFile(base, "admin", file);
  for (const text of [null, "", "\n", "mcpgst_revoked", `${minted}\n`]) {
    if (text !== null) writeFileSync(path, text);
    await ensure();
    const kept = readFileSync(path, "utf8").trim();
    checks.equal(
      `a token file that held ${JSON.stringify(text)} holds one that works`,
      kept,
      minted,
    );
  }
  for (const text of [SECRET, `${minted}\n${SECRET}`, `{ "token": "${SECRET}" }`, "\u0000\u0001"]) {
    writeFileSync(path, text);
    await expectMessage(checks, ensure, /local-token holds something else .*move it away/);
    checks.equal("and is left as it was", readFileSync(path, "utf8"), text);
  }
  server.close();
}

async function expectMessage(checks: Checks, run: () => unknown, form: RegExp): Promise<void> {
  const message = await messageOf(run);
  const problems = [
    ...(form.test(message) ? [] : [`got ${message}, expected ${form}`]),
    ...(message.includes("hunter2") ? ["it shows what is in the file"] : []),
  ];
  checks.report("says what is wrong, and what to do", problems, message.slice(0, 120));
}
