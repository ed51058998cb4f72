/**
 * `npm run bench [suite …] [-- --entries=200000 --folder=… --before=…]`: every figure beside its baseline in the
 * same run; a table, then the same as JSON. `audit` names all suites that begin so.
 */
import { parseArgs } from "node:util";
import { Runtime, type RuntimeOptions } from "../harness/runtime.ts";
import { benchActivity } from "./activity-bench.ts";
import { profileAppend } from "./append-profile.ts";
import { APPEND_CONNECTIONS, benchAuditAppend } from "./audit-append-bench.ts";
import { benchAuditLarge, ENTRIES_DEFAULT } from "./audit-large-bench.ts";
import { benchAuditRows, ROWS_WORKER } from "./audit-rows-bench.ts";
import { benchScrub, SCRUB_WORKER } from "./audit-scrub-bench.ts";
import { benchAuditSign, SIGN_CONNECTIONS } from "./audit-sign-bench.ts";
import { benchCost } from "./cost/cost-bench.ts";
import { SCENARIOS } from "./cost/scenario.ts";
import { benchDashboard } from "./dashboard-bench.ts";
import { type Figure, formatFigures } from "./figure.ts";
import { benchGateway, GATEWAY_BENCH } from "./gateway-bench.ts";
import { benchGatewayRows, GATEWAY_CONNECTIONS, GATEWAY_WORKER } from "./gateway-rows-bench.ts";
import { benchGrowth } from "./growth-bench.ts";
import { benchIngest } from "./ingest-bench.ts";
import { benchOtlp } from "./otlp-bench.ts";
import { benchPayloads, PAYLOAD_BENCH_WORKER } from "./payloads-bench.ts";
import { benchPolicy, POLICY_BENCH_WORKER } from "./policy-bench.ts";
import { benchScrape } from "./scrape-bench.ts";
import { benchTracing } from "./tracing-bench.ts";

interface Asked {
  /** Has no figure to compare, or needs more than this machine has by itself: runs when it is asked for. */
  isOnRequest?: boolean;
}

interface Bench extends Asked {
  run(runtime: Runtime): Promise<Figure[]>;
  options?: RuntimeOptions;
}

/** Starts its runtimes and prints its figures itself. */
interface WholeBench extends Asked {
  measure(): Promise<Figure[]>;
}

const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    entries: { type: "string", default: String(ENTRIES_DEFAULT) },
    // Databases that outlive the run, for a suite that is asked for by its name.
    folder: { type: "string" },
    // Of another checkout, whose Worker costs are compared with.
    before: { type: "string" },
  },
});

/** For what needs it alone: with the inspector beside it an append takes a third longer. */
const INSPECTED = { hasInspector: true };

const BENCHES: Record<string, Bench | WholeBench> = {
  ingest: { run: benchIngest },
  otlp: { run: benchOtlp },
  activity: { run: benchActivity },
  dashboard: { run: benchDashboard, options: { hasDashboard: true }, isOnRequest: true },
  growth: { run: benchGrowth, isOnRequest: true },
  scrape1k: { run: (runtime) => benchScrape(runtime, 1_000), options: INSPECTED },
  scrape10k: { run: (runtime) => benchScrape(runtime, 10_000), options: INSPECTED },
  "audit-append": { run: benchAuditAppend, options: { connections: APPEND_CONNECTIONS } },
  "audit-rows": { run: benchAuditRows, options: { entry: ROWS_WORKER } },
  "gateway-rows": {
    run: benchGatewayRows,
    options: { entry: GATEWAY_WORKER, connections: GATEWAY_CONNECTIONS },
  },
  "audit-sign": { run: benchAuditSign, options: { connections: SIGN_CONNECTIONS } },
  "profile-append": { run: profileAppend, options: INSPECTED, isOnRequest: true },
  policy: { run: benchPolicy, options: { entry: POLICY_BENCH_WORKER, hasPolicy: true } },
  payloads: { run: benchPayloads, options: { entry: PAYLOAD_BENCH_WORKER } },
  tracing: { run: benchTracing },
  "audit-scrub": {
    run: (runtime) => benchScrub(runtime, Number(values.entries)),
    options: { entry: SCRUB_WORKER },
  },
  gateway: { run: benchGateway, options: GATEWAY_BENCH },
  "audit-large": { run: (runtime) => benchAuditLarge(runtime, Number(values.entries)) },
  ...Object.fromEntries(
    Object.entries(SCENARIOS).map(([name, scenario]) => [
      name,
      { measure: () => benchCost(scenario, values.before), isOnRequest: true },
    ]),
  ),
};

const isWanted = (name: string, { isOnRequest = false }: Asked) =>
  wanted.length === 0
    ? !isOnRequest
    : wanted.some((asked) => name === asked || name.startsWith(`${asked}-`));

async function measured(bench: Bench): Promise<Figure[]> {
  const { run } = bench;
  const folder = values.folder === undefined ? {} : { folder: values.folder };
  const options = { ...bench.options, ...folder };
  const runtime = await Runtime.start(options);
  const figures = await run(runtime).finally(() => runtime.stop());
  console.log(`${formatFigures(figures)}\n`);
  return figures;
}

const figures: Figure[] = [];
for (const [name, bench] of Object.entries(BENCHES)) {
  if (!isWanted(name, bench)) continue;
  figures.push(...("measure" in bench ? await bench.measure() : await measured(bench)));
}
console.log(JSON.stringify(figures));
