/**
 * Stock FastMCP and `mcp`, an agent and its tool server as processes of their own, both with the stock
 * OpenTelemetry SDK and its batches, with and without HTTP instrumentation, through a real Collector and
 * not: each call is counted once, under its server, with its failure. MCPG_FLEET_RUNS runs of each.
 */
import { join } from "node:path";
import type { Runtime } from "../../harness/runtime.ts";
import { Checks, type Verdict } from "../checks.ts";
import { runExactSuite } from "../exactness/exact-suite.ts";
import { missingGo } from "../go-program.ts";
import { missingPython, pinnedVersion, pythonVenv } from "../python-venv.ts";
import { collectorProgram, collectorVersion } from "./collector.ts";
import {
  CALLS,
  ERRORS,
  type FleetResult,
  FleetRun,
  type Programs,
  type Variant,
} from "./fleet-run.ts";

const RUNS = Number(process.env["MCPG_FLEET_RUNS"] ?? 1);
const REQUIREMENTS = join(import.meta.dirname, "peers", "requirements.txt");
/** Fleets at once, each two Python processes: their exporters wait more than they work. */
const LANES = 5;
/** Ten runs of each take a quarter of an hour on two free cores. */
const SUITE_MS_MAX = 80 * 60_000;

const VARIANTS: readonly Variant[] = (["fastmcp", "mcp"] as const).flatMap((library) =>
  [false, true].flatMap((isHttpTraced) =>
    [false, true].map((isCollected) => ({ library, isHttpTraced, isCollected })),
  ),
);

export async function runFleetSuite(): Promise<Verdict> {
  const missing = [...missingPython(), ...missingGo()];
  if (missing.length === 0) return runExactSuite("fleet", runAll, SUITE_MS_MAX);
  const checks = new Checks("fleet");
  const { CI: ci } = process.env;
  if (ci === "true") checks.report("Python and Go are installed", missing);
  else console.log(`SKIPPED THE FLEET SUITE: ${missing.join(" and ")} cannot be run here`);
  return checks.verdict;
}

async function runAll(runtime: Runtime, checks: Checks): Promise<void> {
  const programs = {
    python: await pythonVenv("fleet", REQUIREMENTS),
    otelcol: await collectorProgram(),
  };
  const results = await runFleets(runtime, programs);
  const versions = await versionsOf();
  for (const [at, variant] of VARIANTS.entries()) {
    const problems = results[at]?.flatMap((result) => result.problems) ?? ["no run"];
    const name = cellsOf(variant, versions).join(", ");
    checks.report(
      `each call is counted once, under its server, with its failure: ${name}`,
      problems,
    );
  }
  console.log(tableOf(results, versions));
}

/** Of each variant. Fleets run in lanes; what is left of them, to be settled, waits beside. */
async function runFleets(runtime: Runtime, programs: Programs): Promise<FleetResult[][]> {
  const left = Array.from({ length: RUNS }, (_, run) =>
    VARIANTS.map((variant, at) => ({ at, fleet: fleetOf(runtime, variant, run, at) })),
  ).flat();
  const settling: Promise<{ at: number; result: FleetResult }>[] = [];
  const lane = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { at, fleet } = next;
      const judge = await fleet.send(programs);
      const settled = judge().then((result) => {
        const isExact = result.problems.length === 0;
        console.log(`        ${fleet.name}: ${isExact ? "exact" : result.problems[0]}`);
        return { at, result };
      });
      // One that fails is heard of below, once all fleets have sent.
      settled.catch(() => undefined);
      settling.push(settled);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const settled = await Promise.all(settling);
  return VARIANTS.map((_, variant) =>
    settled.filter(({ at }) => at === variant).map(({ result }) => result),
  );
}

function fleetOf(runtime: Runtime, variant: Variant, run: number, at: number): FleetRun {
  return new FleetRun(runtime, `fleet-${at}-${run}`, variant, run + at);
}

interface Versions {
  fastmcp: string;
  mcp: string;
  sdk: string;
  http: string;
  collector: string;
}

async function versionsOf(): Promise<Versions> {
  const [fastmcp = "", mcp = "", sdk = "", http = ""] = await Promise.all(
    ["fastmcp", "mcp", "opentelemetry-sdk", "opentelemetry-instrumentation-httpx"].map((name) =>
      pinnedVersion(REQUIREMENTS, name),
    ),
  );
  return { fastmcp, mcp, sdk, http, collector: await collectorVersion() };
}

function cellsOf({ library, isHttpTraced, isCollected }: Variant, versions: Versions): string[] {
  return [
    `${library === "fastmcp" ? "FastMCP" : "mcp"} ${versions[library]}`,
    isHttpTraced ? `HTTP instrumented (${versions.http})` : "HTTP not instrumented",
    isCollected ? `Collector ${versions.collector}` : "no Collector",
  ];
}

const HEADINGS = ["library", "HTTP", "through", "runs", "exact", "calls", "errors"];

/** What was counted under the server, of what was made. */
function tableOf(results: readonly FleetResult[][], versions: Versions): string {
  const rows = VARIANTS.map((variant, at) => {
    const runs = results[at] ?? [];
    const exact = runs.filter(({ problems }) => problems.length === 0).length;
    const counted = (kind: "calls" | "errors") =>
      runs.reduce((total, run) => total + run.counted[kind], 0);
    return [
      ...cellsOf(variant, versions),
      `${runs.length}`,
      `${exact} of ${runs.length}`,
      `${counted("calls")} of ${runs.length * CALLS}`,
      `${counted("errors")} of ${runs.length * ERRORS}`,
    ];
  });
  const lines = [HEADINGS, HEADINGS.map(() => "---"), ...rows];
  const said = `OpenTelemetry SDK ${versions.sdk} on both sides, OTLP/HTTP`;
  return [said, ...lines.map((cells) => `| ${cells.join(" | ")} |`)].join("\n");
}
