/**
 * Stock FastMCP and `mcp` on both sides, both exporting their spans, with the gateway between: it, the agent and
 * the server all tell of each call, which is counted once, under the server's plugin, with its failure.
 */
import { join } from "node:path";
import type { Runtime } from "../../harness/runtime.ts";
import { Checks, type Verdict } from "../checks.ts";
import { CALLS, ERRORS, FleetRun, type MakeWay, SERVER, type Variant } from "../fleet/fleet-run.ts";
import { missingPython, pythonVenv } from "../python-venv.ts";
import { runSuite } from "../suite.ts";
import { GATEWAY_OPTIONS, Gateway } from "./gateway.ts";
import { LoopbackShim } from "./loopback-shim.ts";

const REQUIREMENTS = join(import.meta.dirname, "../fleet/peers/requirements.txt");
const RUNS = Number(process.env["MCPG_FLEET_RUNS"] ?? 1);
/** Two Python processes each. */
const LANES = 2;

const VARIANTS: readonly Variant[] = (["fastmcp", "mcp"] as const).flatMap((library) =>
  [false, true].map((isHttpTraced) => ({ library, isHttpTraced, isCollected: false })),
);

export async function runGatewayFleetSuite(): Promise<Verdict> {
  const missing = missingPython();
  if (missing.length === 0) {
    return runSuite("gateway-fleet", GATEWAY_OPTIONS, async ({ checks, start }) =>
      runAll(await start(), checks),
    );
  }
  const checks = new Checks("gateway-fleet");
  const { CI: ci } = process.env;
  if (ci === "true") checks.report("Python is installed", missing);
  else console.log(`SKIPPED THE GATEWAY FLEET SUITE: ${missing.join(" and ")} cannot be run here`);
  return checks.verdict;
}

async function runAll(runtime: Runtime, checks: Checks): Promise<void> {
  const programs = { python: await pythonVenv("fleet", REQUIREMENTS), otelcol: "" };
  const left = VARIANTS.flatMap((variant, at) =>
    Array.from({ length: RUNS }, (_, run) => ({ variant, number: run + at })),
  );
  const lane = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { variant, number } = next;
      const org = `gateway-fleet-${VARIANTS.indexOf(variant)}-${number}`;
      const fleet = new FleetRun(runtime, org, variant, number, wayThrough(runtime));
      const judge = await fleet.send(programs);
      const { problems, counted } = await judge();
      const seen = `${counted.calls} of ${CALLS} calls, ${counted.errors} of ${ERRORS} errors`;
      checks.report(`each call is counted once: ${fleet.name}`, problems, seen);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** The agents know of no token: a door adds it. */
function wayThrough(runtime: Runtime): MakeWay {
  return async (org, url) => {
    const gateway = new Gateway(runtime, org);
    const through = await gateway.register(SERVER, url);
    const shim = await LoopbackShim.start(through, await gateway.token("agent:fleet"));
    return { url: shim.url, close: () => shim.stop() };
  };
}
