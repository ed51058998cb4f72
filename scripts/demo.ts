// What `npm run demo` runs: real MCP servers behind the local gateway and real clients that call them, so
// that metrics, traces and the ledger show life. It ends with everything that it started.
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { ACTORS, act, type Plugin } from "./demo/actors.ts";
import { Child } from "./demo/child.ts";
import { DemoOrg } from "./demo/demo-org.ts";
import { Tally } from "./demo/tally.ts";
import { readDevVars } from "./start/dev-vars.ts";
import { parseSettings } from "./start/settings.ts";
import { shellQuote } from "./start/shell-quote.ts";
import { stopOnSignals } from "./start/stopping.ts";
import { ensureTokenFile } from "./start/token-file.ts";

const usage = `npm run demo [-- --seconds 120]: MCP servers and clients around the local gateway, in the org demo.

It starts what \`npm start\` starts, with the same PORT and MCPG_STATE_DIR, and ends it; with BASE
(http://127.0.0.1:8787) it uses one that runs.`;

const USE_RUNNING =
  "Where npm start runs already, name it: BASE=http://127.0.0.1:8787 npm run demo";

const projectDir = resolve(import.meta.dirname, "..");
const START_MS_MAX = 120_000;
const REVIEW_EVERY_MS = 10_000;
const LINE_EVERY_MS = process.stdout.isTTY ? 1_000 : 10_000;
/** The tool that stalls is given up after this. */
const TICKETS_TIMEOUT_MS = 3_000;
const EVERYTHING = "node_modules/@modelcontextprotocol/server-everything/dist/index.js";

const children: Child[] = [];
const stop = new AbortController();
stopOnSignals(stop);
try {
  await main(stop);
} catch (error) {
  if (!stop.signal.aborted) {
    console.error(`the demo failed: ${(error as Error).message}`);
    process.exitCode = 1;
  }
} finally {
  await Promise.all(children.map((child) => child.end()));
}
process.exit();

async function main({ signal }: AbortController): Promise<void> {
  const seconds = readSeconds();
  if (seconds === null) return console.log(usage);
  process.chdir(projectDir);
  const base = process.env["BASE"] ?? (await startGateway());
  const adminToken = process.env["MCPG_ADMIN_TOKEN"] ?? readDevVars(".dev.vars").MCPG_ADMIN_TOKEN;
  const org = new DemoOrg(base, adminToken);
  await org.make();
  const tokenPath = await keepViewerToken(org, adminToken);
  try {
    const urls = await startServers(org);
    console.log(`${ACTORS.length} clients call for ${seconds} s through ${org.url}`);
    console.log(howToWatch(org, tokenPath));
    const ended = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1e3)]);
    const tally = new Tally();
    await Promise.all([
      ...startActors(org, urls, tally, ended),
      reviewTools(org, ended),
      tell(tally, ended),
    ]);
    console.log(`${process.stdout.isTTY ? "\r" : ""}${tally}\n${whereToLook(org, tokenPath)}`);
  } finally {
    await org.revokeTokens();
  }
}

/** Null where help is asked for. */
function readSeconds(): number | null {
  const options = {
    seconds: { type: "string", default: "120" },
    help: { type: "boolean" },
  } as const;
  const { values } = parseArgs({ options });
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) throw new Error(`--seconds ${values.seconds} is no time`);
  return values.help === true ? null : seconds;
}

async function startGateway(): Promise<string> {
  console.log("starting the local gateway…");
  const started = start(["scripts/start.ts"], {}).said(/^ready on (http:\S+)$/m, START_MS_MAX);
  return started.catch((error: Error) => {
    throw new Error(`${error.message}\n${USE_RUNNING}`);
  });
}

function start(args: readonly string[], env: Record<string, string>): Child {
  const child = new Child(args, env);
  children.push(child);
  return child;
}

async function startServers(org: DemoOrg): Promise<Record<Plugin, string>> {
  const [tickets, github] = await Promise.all([startUnsteady("tickets"), startUnsteady("github")]);
  const freePort = await findPort();
  const everything = start([EVERYTHING, "streamableHttp"], { PORT: String(freePort) });
  await everything.said(/(listening on port \d+)/, START_MS_MAX);
  return {
    everything: await org.register("everything", `http://127.0.0.1:${freePort}/mcp`, {}),
    tickets: await org.register("tickets", tickets, {
      timeout_ms: TICKETS_TIMEOUT_MS,
      on_tool_change: "quarantine",
    }),
    github: await org.register("github", github, {}),
  };
}

async function startUnsteady(name: Plugin): Promise<string> {
  const server = start([join("scripts", "demo", "unsteady-server.ts"), name], { PORT: "0" });
  return `http://127.0.0.1:${await server.said(/^listening on (\d+)$/m, START_MS_MAX)}/mcp`;
}

async function findPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function startActors(
  org: DemoOrg,
  urls: Record<Plugin, string>,
  tally: Tally,
  signal: AbortSignal,
): Promise<void>[] {
  return ACTORS.map(async (actor) => {
    const token = await org.token(actor.actor);
    await act(actor, { url: urls[actor.plugin], token }, tally, signal);
  });
}

/** As an operator does who hears of a quarantine. */
async function reviewTools(org: DemoOrg, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await delay(REVIEW_EVERY_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const accepted = await org.review("tickets");
    if (accepted.length > 0) console.log(`\naccepted again, with another description: ${accepted}`);
  }
}

async function tell(tally: Tally, signal: AbortSignal): Promise<void> {
  const startedAt = Date.now();
  while (!signal.aborted) {
    await delay(LINE_EVERY_MS, undefined, { signal }).catch(() => undefined);
    const line = `${Math.round((Date.now() - startedAt) / 1e3)} s  ${tally}`;
    if (process.stdout.isTTY) process.stdout.write(`\r${line}`);
    else if (!signal.aborted) console.log(line);
  }
}

/** For whoever looks at what the demo leaves, and changes nothing: it outlives the demo, as its org does. */
async function keepViewerToken(org: DemoOrg, adminToken: string): Promise<string> {
  const { stateDir } = parseSettings(process.env, projectDir);
  mkdirSync(stateDir, { recursive: true });
  const path = join(stateDir, "demo-token");
  await ensureTokenFile(org.base, adminToken, {
    path,
    org: org.name,
    name: "demo viewer",
    actor: "user:viewer@acme",
    scopes: ["telemetry:read", "metrics:read", "audit:read"],
    probe: "/audit?limit=1",
  });
  return path;
}

function howToWatch(org: DemoOrg, tokenPath: string): string {
  return `
# Watch them: open ${org.page} and sign in with this token
cat ${shellQuote(tokenPath)}
`;
}

function whereToLook(org: DemoOrg, tokenPath: string): string {
  const token = `-H "Authorization: Bearer $(cat ${shellQuote(tokenPath)})"`;
  return `
# What they left, while the gateway runs (npm start); the dashboard is at ${org.page}
curl -sS '${org.url}/metrics' ${token}
curl -sS '${org.url}/invocations?limit=10' ${token}
curl -sS '${org.url}/audit?action_prefix=tool.&limit=10' ${token}
curl -sS '${org.url}/audit?action_prefix=plugin.&limit=10' ${token}
`;
}
