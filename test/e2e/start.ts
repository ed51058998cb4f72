/** `npm start` as a newcomer runs it: serves, takes a report, shows it to a scraper, stops clean. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Checks, type Verdict } from "./checks.ts";

const READY_MS_MAX = 120_000;
const STOP_MS_MAX = 20_000;

export async function runStartSuite(): Promise<Verdict> {
  const stateDir = await mkdtemp(join(tmpdir(), "mcpg-start-"));
  const npm = spawn("npm", ["start"], {
    env: { ...process.env, PORT: "0", MCPG_STATE_DIR: stateDir },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  process.once("exit", () => killGroup(npm, "SIGKILL"));
  const checks = new Checks("start");
  const check = async (guarantee: string, isTrue: () => Promise<boolean>) => {
    const problems = await isTrue().then(
      (isKept) => (isKept ? [] : ["it does not"]),
      (error: Error) => [error.stack ?? String(error)],
    );
    checks.report(guarantee, problems);
  };
  let base = "";
  await check("prints a line that begins `ready on http://`", async () => {
    base = await readyUrl(npm);
    return base !== "";
  });
  await check("is ready", async () => (await fetch(`${base}/readyz`)).ok);
  await check("takes a report with the local token", async () => {
    const answer = await postCall(base, await readToken(stateDir, "local-token"));
    return answer.accepted === 1;
  });
  await check("shows it to Prometheus' token, the org being enterprise", async () => {
    const authorization = `Bearer ${await readToken(stateDir, "prometheus-token")}`;
    const url = `${base}/v1/orgs/default/metrics?granularity=hour`;
    const page = await (await fetch(url, { headers: { authorization } })).text();
    return page.includes(
      'mcpg_tool_calls_total{org="default",workspace="prod",plugin="github",tool="list_repos"} 1\n',
    );
  });
  await check("stops on SIGTERM, and nothing of it goes on", async () => {
    killGroup(npm, "SIGTERM");
    await Promise.race([once(npm, "exit"), deadline(STOP_MS_MAX)]);
    return !(await fetch(`${base}/healthz`).then(
      () => true,
      () => false,
    ));
  });
  killGroup(npm, "SIGKILL");
  await rm(stateDir, { recursive: true, force: true });
  return checks.verdict;
}

/** Goes on reading afterwards: a closed pipe would end what writes to it. */
async function readyUrl(npm: ChildProcess): Promise<string> {
  let output = "";
  const found = new Promise<string>((resolve, reject) => {
    npm.stdout?.on("data", (chunk) => {
      output += chunk;
      const url = /^ready on (http:\/\/\S+)$/m.exec(output)?.[1];
      if (url !== undefined) resolve(url);
    });
    npm.once("exit", () => reject(new Error(`npm start ended:\n${output}`)));
  });
  return Promise.race([found, deadline(READY_MS_MAX)]);
}

async function postCall(base: string, token: string): Promise<{ accepted: number }> {
  const call = {
    workspace: "prod",
    plugin: "github",
    tool: "list_repos",
    started_at: Date.now(),
    duration_ms: 84.2,
    outcome: "ok",
  };
  const response = await fetch(`${base}/v1/orgs/default/invocations`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ instance_id: "gw-1", batch_id: "start-suite", invocations: [call] }),
  });
  return (await response.json()) as { accepted: number };
}

async function readToken(stateDir: string, file: string): Promise<string> {
  return (await readFile(join(stateDir, file), "utf8")).trim();
}

function deadline(ms: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`not within ${ms} ms`)), ms).unref();
  });
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // Gone already: what the signal was for.
  }
}
