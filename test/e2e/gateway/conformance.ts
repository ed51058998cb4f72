/**
 * @modelcontextprotocol/conformance through the gateway: its scenarios for servers against fixtures on either
 * official SDK, its scenarios for clients through us to its own servers; each beside the same run without us.
 */
import { join } from "node:path";
import type { Checks, Verdict } from "../checks.ts";
import { runSuite, type Suite } from "../suite.ts";
import {
  type ConformanceCheck,
  type Revision,
  requiredScenarios,
  runClientScenario,
  runServerScenarios,
} from "./conformance-run.ts";
import { GATEWAY_OPTIONS, Gateway, gatewayClient } from "./gateway.ts";
import { LoopbackShim } from "./loopback-shim.ts";
import { type FixtureName, startFixture } from "./node-process.ts";

const SERVER_RUNS: readonly { fixture: FixtureName; sdk: string; revision: Revision }[] = [
  { fixture: "legacy-server", sdk: "sdk 1.32", revision: "2025-11-25" },
  { fixture: "modern-server", sdk: "server 2.4", revision: "2025-11-25" },
  { fixture: "modern-server", sdk: "server 2.4", revision: "2026-07-28" },
];

/** What is about calls; the rest is about a client's OAuth, which the gateway has none of towards upstreams. */
const CLIENT_RUNS: readonly { scenario: string; revision: Revision }[] = [
  ...["initialize", "tools_call", "elicitation-sep1034-client-defaults", "sse-retry"].map(
    (scenario) => ({ scenario, revision: "2025-11-25" as const }),
  ),
  ...[
    "tools_call",
    "request-metadata",
    "sep-2322-client-request-state",
    "http-standard-headers",
    "http-custom-headers",
    "http-invalid-tool-headers",
    "json-schema-ref-no-deref",
    "json-schema-2020-12-preservation",
  ].map((scenario) => ({ scenario, revision: "2026-07-28" as const })),
];

export function runConformanceSuite(): Promise<Verdict> {
  return runSuite("gateway-conformance", GATEWAY_OPTIONS, async (suite) => {
    const gateway = await Gateway.open(await gatewayClient(suite.start));
    for (const run of SERVER_RUNS) await checkServer(gateway, suite, run);
    await checkClients(gateway, suite);
  });
}

async function checkServer(
  gateway: Gateway,
  { checks }: Suite,
  { fixture, sdk, revision }: (typeof SERVER_RUNS)[number],
): Promise<void> {
  const upstream = await startFixture(fixture);
  const plugin = `${fixture}-${revision}`;
  const url = await gateway.register(plugin, upstream.url);
  const shim = await LoopbackShim.start(url, await gateway.token(`service:${plugin}`));
  try {
    const direct = await runServerScenarios(upstream.url, revision);
    const through = await runServerScenarios(shim.url, revision);
    const required = await requiredScenarios("server", revision);
    const what = `${revision} on ${sdk}`;
    const seen = `${scoreOf(direct)} directly, ${scoreOf(through)} through`;
    checks.report(`${what}: no required check fails`, requiredFailures(through, required), seen);
    reportLost(checks, what, direct, through);
  } finally {
    shim.stop();
    await upstream.process.end();
  }
}

async function checkClients(gateway: Gateway, { checks }: Suite): Promise<void> {
  const drive = join(import.meta.dirname, "fixture", "drive-client.ts");
  const command = `${process.execPath} ${drive}`;
  const token = await gateway.token("service:conformance-client");
  for (const [at, run] of CLIENT_RUNS.entries()) {
    const through = {
      MCPG_DRIVE_URL: gateway.client.url,
      MCPG_DRIVE_PATH: gateway.path,
      MCPG_DRIVE_PLUGIN: `mock-${at}`,
      MCPG_DRIVE_TOKEN: token,
    };
    const results = [
      await runClientScenario(command, run, {}),
      await runClientScenario(command, run, through),
    ] as const;
    const required = await requiredScenarios("client", run.revision);
    const what = `${run.revision}, as a client, ${run.scenario}`;
    const seen = `${scoreOf(results[0])} directly, ${scoreOf(results[1])} through`;
    checks.report(`${what}: no required check fails`, requiredFailures(results[1], required), seen);
    reportLost(checks, what, ...results);
  }
}

/** Passed and failed. */
function scoreOf(results: readonly ConformanceCheck[]): string {
  const count = (wanted: string) => results.filter(({ status }) => status === wanted).length;
  return `${count("SUCCESS")}/${count("FAILURE")}`;
}

function requiredFailures(results: readonly ConformanceCheck[], required: ReadonlySet<string>) {
  return results
    .filter(({ scenario, status }) => status === "FAILURE" && required.has(scenario))
    .map(({ scenario, id, errorMessage = "" }) => `${scenario} ${id}: ${errorMessage}`);
}

/** One id may stand for many checks: as many must pass as did. */
function reportLost(
  checks: Checks,
  what: string,
  direct: readonly ConformanceCheck[],
  through: readonly ConformanceCheck[],
): void {
  const keyOf = ({ scenario, id }: ConformanceCheck) => `${scenario} ${id}`;
  const passed = (results: readonly ConformanceCheck[]) =>
    Map.groupBy(
      results.filter(({ status }) => status === "SUCCESS"),
      keyOf,
    );
  const failed = Map.groupBy(
    through.filter(({ status }) => status !== "SUCCESS"),
    keyOf,
  );
  const still = passed(through);
  const problems = [...passed(direct)].flatMap(([key, { length }]) => {
    const got = still.get(key)?.length ?? 0;
    if (got >= length) return [];
    const said = failed
      .get(key)
      ?.map(({ status, errorMessage = "" }) => `${status} ${errorMessage}`);
    return [`${key}: ${got} of ${length}; ${said?.join("; ") ?? "not run"}`];
  });
  checks.report(`${what}: every check that passes directly passes through it`, problems);
}
