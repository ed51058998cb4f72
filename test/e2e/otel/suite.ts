/** Stock OpenTelemetry exporters on a real MCP client and server report 10,000 calls: each is counted once. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { readPage } from "../../formats/exposition/read-page.ts";
import type { Runtime } from "../../harness/runtime.ts";
import type { Checks, Verdict } from "../checks.ts";
import { runExactSuite } from "../exactness/exact-suite.ts";
import { nothingWaits } from "./nothing-waits.ts";
import { ResendingProxy } from "./resending-proxy.ts";
import { type Called, TOOLS } from "./tools.ts";

const ORG = "otel";
/** The exporters send each 0.1 s, and again after a second. */
const CALLER_WAIT_SECONDS = 10;

/** Who has an SDK, and how many calls it makes: 10,000 together. */
const FLEETS = [
  { untraced: "", calls: 4_000 },
  { untraced: "", calls: 2_000 },
  { untraced: "client", calls: 2_000 },
  { untraced: "server", calls: 2_000 },
] as const;
const CALLS = FLEETS.reduce((sum, { calls }) => sum + calls, 0);

export function runOtelSuite(): Promise<Verdict> {
  return runExactSuite("otel", async (runtime, checks) => {
    await runtime.makeOrg(ORG);
    const span_mapping = {
      ...{ plugin: ["mcp.server.name"], instance: ["process.name"] },
      caller_wait_seconds: CALLER_WAIT_SECONDS,
    };
    await runtime.json("PATCH", `/v1/orgs/${ORG}`, { span_mapping });
    const scopes = ["telemetry:write"];
    const path = `/v1/orgs/${ORG}/service-tokens`;
    const { token } = await runtime.json<{ token: string }>("POST", path, { name: "otel", scopes });
    const proxy = await ResendingProxy.start(runtime);
    try {
      await checkFleets(runtime, checks, proxy, token);
    } finally {
      proxy.stop();
    }
  });
}

async function checkFleets(
  runtime: Runtime,
  checks: Checks,
  proxy: ResendingProxy,
  token: string,
): Promise<void> {
  const env = {
    ...process.env,
    OTEL_EXPORTER_OTLP_ENDPOINT: `${proxy.url}/v1/orgs/${ORG}/otlp`,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${token}`,
  };
  const called = await Promise.all(
    FLEETS.map(({ untraced, calls }) => runFleet(calls, { ...env, MCP_UNTRACED: untraced })),
  );
  const truth = sumOf(called);
  checks.equal("an MCP client made 10,000 calls", sumUp(truth.calls), CALLS);
  checks.equal("every batch was taken", [...proxy.statuses.keys()], [200]);
  const seen = `${proxy.batches.length} batches, ${proxy.doubled} doubled, ${proxy.disowned} disowned`;
  const isRough = proxy.doubled > 3 && proxy.disowned > 3;
  checks.report("batches were resent", isRough ? [] : ["too few"], seen);
  await nothingWaits(runtime, ORG);
  await checkFigures(runtime, checks, truth, "each call is counted once");
  await proxy.resendAll();
  await nothingWaits(runtime, ORG);
  await checkFigures(runtime, checks, truth, "and once when all batches are sent again");
  await checkTrace(runtime, checks);
}

async function runFleet(calls: number, env: NodeJS.ProcessEnv): Promise<Called> {
  const args = [join(import.meta.dirname, "mcp-client.ts"), String(calls)];
  const client = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  process.once("exit", () => client.kill("SIGKILL"));
  let output = "";
  client.stdout.on("data", (chunk) => {
    output += chunk;
  });
  const [code] = await once(client, "close");
  if (code !== 0) throw new Error(`an MCP client ended with ${code}`);
  return JSON.parse(output) as Called;
}

function sumOf(all: readonly Called[]): Called {
  const sum = (part: keyof Called) =>
    Object.fromEntries(
      TOOLS.map((tool) => [tool, all.reduce((n, one) => n + (one[part][tool] ?? 0), 0)]),
    );
  return { calls: sum("calls"), errors: sum("errors") };
}

function sumUp(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

async function checkFigures(
  runtime: Runtime,
  checks: Checks,
  truth: Called,
  guarantee: string,
): Promise<void> {
  const { body } = await runtime.send("GET", `/v1/orgs/${ORG}/metrics`);
  const { samples } = readPage([body]);
  const total = (family: string, labels: Record<string, string>) =>
    samples
      .filter(({ name }) => name === family)
      .filter((sample) => hasLabels(sample.labels, labels))
      .reduce((sum, { value }) => sum + Number(value), 0);
  const counted = (family: string) =>
    Object.fromEntries(TOOLS.map((tool) => [tool, total(family, { plugin: "github", tool })]));
  const got = {
    calls: counted("mcpg_tool_calls_total"),
    errors: counted("mcpg_tool_errors_total"),
  };
  checks.equal(guarantee, got, truth);
  checks.equal(
    "with its latency",
    total("mcpg_tool_duration_seconds_count", {}),
    sumUp(truth.calls),
  );
}

function hasLabels(
  labels: Iterable<readonly [string, string]>,
  wanted: Record<string, string>,
): boolean {
  const given = Object.fromEntries(labels);
  return Object.entries(wanted).every(([name, value]) => given[name] === value);
}

interface CallTrace {
  spans: { kind: string; name: string; attributes: Record<string, string> }[];
}

/** Of a call that both sides traced: both spans, and the query that its server made. */
async function checkTrace(runtime: Runtime, checks: Checks): Promise<void> {
  const list = `/v1/orgs/${ORG}/invocations?tool=search&limit=1000`;
  const { invocations } = await runtime.json<{ invocations: { id: string }[] }>("GET", list);
  const seen = new Set<string>();
  for (const { id } of invocations.slice(0, 200)) {
    const { spans } = await runtime.json<CallTrace>(
      "GET",
      `/v1/orgs/${ORG}/invocations/${id}/trace`,
    );
    seen.add(
      spans
        .map(({ kind, name }) => `${kind} ${name}`)
        .sort()
        .join(", "),
    );
    if (JSON.stringify(spans).includes("secret")) seen.add("the text of a query");
  }
  const client = "client tools/call search";
  const server = "server tools/call search";
  const whole = `client SELECT repos, ${client}, ${server}`;
  const possible = [whole, `client SELECT repos, ${server}`, client];
  const problems = [...seen].filter((spans) => !possible.includes(spans));
  if (!seen.has(whole)) problems.push("no call had both its spans");
  checks.report("a call's trace has the spans of both sides, and what the server did", problems);
}
