/**
 * The libraries that people report by, as they come from PyPI: each makes a known number of calls, with the
 * spans of its own, by the exporter of its own. Counted is what was called: calls, errors, and names.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readDevVars } from "../../../scripts/start/dev-vars.ts";
import { readPage } from "../../formats/exposition/read-page.ts";
import type { Checks, Verdict } from "../checks.ts";
import { missingPython, pythonVenv } from "../python-venv.ts";
import { NpmStart } from "../start/npm-start.ts";
import { runSuite } from "../suite.ts";
import { type Environment, LIBRARIES, type Library, type Side } from "./libraries.ts";
import { type Counts, runLibrary, type Truth, versionsOf } from "./run-library.ts";

/** At once: each is three processes that import for seconds. */
const RUNS_AT_ONCE = 3;
const CALLER_WAIT_SECONDS = 8;

interface Run {
  readonly library: Library;
  readonly sides: readonly Side[];
  readonly org: string;
}

/** What is made of a run, in the words of the table. */
interface Counted extends Truth {
  /** Of all calls. */
  plugins: string[];
}

export function runDialectsSuite(): Promise<Verdict> {
  return runSuite("dialects", {}, async ({ checks }) => {
    const missing = missingPython();
    if (missing.length > 0) return skip(checks, missing.join(", "), "");
    const installed = await installAll(checks);
    if (installed === null) return;
    const folder = await mkdtemp(join(tmpdir(), "mcpg-dialects-"));
    const { start } = await NpmStart.run(folder);
    try {
      await checkLibraries(checks, start, installed);
    } finally {
      await start.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });
}

/** Loudly, and where CI runs it is a failure. */
function skip(checks: Checks, what: string, why: string): void {
  if (process.env["CI"] === "true") checks.report(`there is ${what}`, [`there is not ${why}`]);
  else console.log(`SKIPPED dialects: there is no ${what} ${why}`);
}

type Interpreters = ReadonlyMap<Environment, string>;

/** One after the other: pip keeps a core busy. */
async function installAll(checks: Checks): Promise<Interpreters | null> {
  const installed = new Map<Environment, string>();
  try {
    for (const name of new Set(LIBRARIES.map(({ environment }) => environment))) {
      const pinned = join(import.meta.dirname, "requirements", `${name}.txt`);
      installed.set(name, await pythonVenv(`dialects-${name}`, pinned));
    }
  } catch (error) {
    skip(checks, "PyPI to install from", String((error as Error).message).slice(0, 500));
    return null;
  }
  return installed;
}

async function checkLibraries(
  checks: Checks,
  server: NpmStart,
  interpreters: Interpreters,
): Promise<void> {
  const runs = LIBRARIES.flatMap((library, at) =>
    library.sides.map(
      (sides): Run => ({ library, sides, org: `dialect-${at}-${sides.join("-")}` }),
    ),
  );
  const rows: string[][] = [];
  const left = [...runs];
  const worker = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) {
      const interpreter = interpreters.get(one.library.environment)!;
      rows.push(await checkRun(checks, server, interpreter, one));
    }
  };
  await Promise.all(Array.from({ length: RUNS_AT_ONCE }, worker));
  printTable(rows);
}

async function checkRun(
  checks: Checks,
  server: NpmStart,
  interpreter: string,
  { library, sides, org }: Run,
): Promise<string[]> {
  const exported = sides.length === 2 ? "both sides" : `the ${sides[0]} alone`;
  const untold = untoldBy(library, sides);
  const but = untold.length === 0 ? "" : `, but for ${untold}, of which its spans say nothing`;
  const guarantee = `${library.name}, ${exported}: each call once, under its name, with its failure${but}`;
  try {
    const token = await openOrg(server, org);
    const endpoint = `${server.base}/v1/orgs/${org}/otlp`;
    const truth = await runLibrary(interpreter, library, sides, { endpoint, token });
    const counted = await countedOf(server, org);
    const plugins = [countedSide(library, sides) === "server" ? "github" : "agent"];
    const { calls } = truth;
    const errors = without(truth.errors, untold);
    checks.equal(guarantee, counted, { calls, errors, plugins, samples: sumOf(calls) });
    const versions = await versionsOf(interpreter, library.packages);
    const seen = `${sumOf(counted.calls)} / ${sumOf(counted.errors)} / ${counted.plugins}`;
    const real = `${sumOf(truth.calls)} / ${sumOf(truth.errors)} / ${plugins}`;
    return [library.name, versions, exported, real, seen, untold.join(", ")];
  } catch (error) {
    const { message, stderr = "" } = error as Error & { stderr?: string };
    checks.report(guarantee, [message.slice(0, 300), ...stderr.trim().split("\n").slice(-3)]);
    return [library.name, "", exported, "", "failed", ""];
  }
}

/** The side whose spans count: the server's where it sends any. */
function countedSide({ isCallersAlone }: Library, sides: readonly Side[]): Side {
  return sides.includes("server") && isCallersAlone !== true ? "server" : "client";
}

/** Tools of whose failures those spans say nothing: none can be counted. */
function untoldBy(library: Library, sides: readonly Side[]): readonly string[] {
  return library.untold?.[countedSide(library, sides)] ?? [];
}

function without(counts: Counts, tools: readonly string[]): Counts {
  return Object.fromEntries(Object.entries(counts).filter(([tool]) => !tools.includes(tool)));
}

async function openOrg(server: NpmStart, org: string): Promise<string> {
  const token = adminToken();
  const body = { org, tier: "enterprise" };
  await answerOf(server.send("POST", "/v1/orgs", { token, body }));
  const span_mapping = { caller_wait_seconds: CALLER_WAIT_SECONDS };
  await answerOf(server.send("PATCH", `/v1/orgs/${org}`, { token, body: { span_mapping } }));
  const made = await answerOf(
    server.send("POST", `/v1/orgs/${org}/service-tokens`, {
      token,
      body: { name: "dialects", scopes: ["telemetry:write"] },
    }),
  );
  return (JSON.parse(made) as { token: string }).token;
}

/** Of `.dev.vars`, where `npm start` reads it, and writes it. */
function adminToken(): string {
  return readDevVars(".dev.vars").MCPG_ADMIN_TOKEN;
}

async function answerOf(sent: Promise<Response>): Promise<string> {
  const response = await sent;
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return text;
}

interface Status {
  calls: { waiting: number };
}

/** Once nothing waits. */
async function countedOf(server: NpmStart, org: string): Promise<Counted & { samples: number }> {
  const token = adminToken();
  const get = (path: string) => answerOf(server.send("GET", `/v1/orgs/${org}/${path}`, { token }));
  for (;;) {
    const page = await get("metrics");
    const status = JSON.parse(await get("observability/status")) as Status;
    if (status.calls.waiting > 0) {
      await delay(500);
      continue;
    }
    const list = JSON.parse(await get("invocations?limit=1000")) as { invocations: object[] };
    return { ...totalsOf(page), samples: list.invocations.length };
  }
}

function totalsOf(page: string): Counted {
  const { samples } = readPage([Buffer.from(page)]);
  const plugins = new Set<string>();
  const sums = (family: string) => {
    const counts: Counts = {};
    for (const { name, labels, value } of samples) {
      if (name !== family || Number(value) === 0) continue;
      const { tool = "", plugin = "" } = Object.fromEntries(labels);
      counts[tool] = (counts[tool] ?? 0) + Number(value);
      plugins.add(plugin);
    }
    return counts;
  };
  const calls = sums("mcpg_tool_calls_total");
  const errors = sums("mcpg_tool_errors_total");
  return { calls, errors, plugins: [...plugins] };
}

function sumOf(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Truth and counted are calls, errors, and whose name they are under. */
function printTable(rows: readonly string[][]): void {
  const head = ["library", "version", "exported by", "truth", "counted", "not in its spans"];
  const all = [head, ...rows.toSorted()];
  const widths = all[0]!.map((_, at) => Math.max(...all.map((row) => row[at]!.length)));
  for (const row of all) {
    console.log(`  ${row.map((cell, at) => cell.padEnd(widths[at]!)).join("  ")}`.trimEnd());
  }
}
