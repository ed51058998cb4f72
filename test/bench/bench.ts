/**
 * `npm run bench [suite …] [-- --entries=200000 --folder=…]`: every figure beside its baseline in the same run; a
 * table, then the same as JSON. `audit` names all suites that begin so.
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
import { benchDashboard } from "./dashboard-bench.ts";
import { type Figure, formatFigures } from "./figure.ts";
import { benchGateway, GATEWAY_BENCH } from "./gateway-bench.ts";
import { benchGatewayRows, GATEWAY_CONNECTIONS, GATEWAY_WORKER } from "./gateway-rows-bench.ts";
import { benchIngest } from "./ingest-bench.ts";
import { benchOtlp } from "./otlp-bench.ts";
import { benchPayloads, PAYLOAD_BENCH_WORKER } from "./payloads-bench.ts";
import { benchPolicy, POLICY_BENCH_WORKER } from "./policy-bench.ts";
import { benchScrape } from "./scrape-bench.ts";
import { benchTracing } from "./tracing-bench.ts";

interface Bench {
  run(runtime: Runtime): Promise<Figure[]>;
  options?: RuntimeOptions;
  /** Has no figure to compare, or needs more than this machine has by itself: runs when it is asked for. */
  isOnRequest?: boolean;
}

const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    entries: { type: "string", default: String(ENTRIES_DEFAULT) },
    // Databases that outlive the run, for a suite that is asked for by its name.
    folder: { type: "string" },
  },
});

const BENCHES: Record<string, Bench> = {
  ingest: { run: benchIngest },
  otlp: { run: benchOtlp },
  activity: { run: benchActivity },
  dashboard: { run: benchDashboard, options: { hasDashboard: true }, isOnRequest: true },
  scrape1k: { run: (runtime) => benchScrape(runtime, 1_000) },
  scrape10k: { run: (runtime) => benchScrape(runtime, 10_000) },
  "audit-append": { run: benchAuditAppend, options: { connections: APPEND_CONNECTIONS } },
  "audit-rows": { run: benchAuditRows, options: { entry: ROWS_WORKER } },
  "gateway-rows": {
    run: benchGatewayRows,
    options: { entry: GATEWAY_WORKER, connections: GATEWAY_CONNECTIONS },
  },
  "audit-sign": { run: benchAuditSign, options: { connections: SIGN_CONNECTIONS } },
  "profile-append": { run: profileAppend, isOnRequest: true },
  policy: { run: benchPolicy, options: { entry: POLICY_BENCH_WORKER, hasPolicy: true } },
  payloads: { run: benchPayloads, options: { entry: PAYLOAD_BENCH_WORKER } },
  tracing: { run: benchTracing },
  "audit-scrub": {
    run: (runtime) => benchScrub(runtime, Number(values.entries)),
    options: { entry: SCRUB_WORKER },
  },
  gateway: { run: benchGateway, options: GATEWAY_BENCH },
  "audit-large": { run: (runtime) => benchAuditLarge(runtime, Number(values.entries)) },
};

const isWanted = (name: string, { isOnRequest = false }: Bench) =>
  wanted.length === 0
    ? !isOnRequest
    : wanted.some((asked) => name === asked || name.startsWith(`${asked}-`));
const figures: Figure[] = [];
for (const [name, bench] of Object.entries(BENCHES)) {
  if (!isWanted(name, bench)) continue;
  const { run } = bench;
  const folder = values.folder === undefined ? {} : { folder: values.folder };
  const options = { hasInspector: true, ...bench.options, ...folder };
  const runtime = await Runtime.start(options);
  const measured = await run(runtime).finally(() => runtime.stop());
  console.log(`${formatFigures(measured)}\n`);
  figures.push(...measured);
}
console.log(JSON.stringify(figures));
