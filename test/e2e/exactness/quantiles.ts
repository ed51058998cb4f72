/**
 * What the histograms say of durations, against the durations. A bucket's log midpoint is at most
 * 2^(1/32) - 1 = 2.19 % from any value in the bucket; 2.2 % is what is promised.
 */
import { randomSource } from "../../harness/load.ts";
import type { Runtime } from "../../harness/runtime.ts";
import type { Checks, Verdict } from "../checks.ts";
import { CallSource } from "./call-samples.ts";
import { runExactSuite } from "./exact-suite.ts";
import { type Rollup, readRollups, scrapeCaughtUp } from "./figures.ts";
import type { ScrapePage } from "./scrape-page.ts";
import type { Outcome } from "./truth.ts";

const SEED = 4;
const ORG = "exact-quantiles";
const PLUGIN = "durations";
const WORKSPACES = ["prod", "staging"];
const SAMPLES = 12_000;
const REPORT_SIZE = 1_000;
const ERROR_MAX = 0.022;
const DURATION_MS_MAX = 86_400_000;
/** Half of the last digit, which is a microsecond. */
const ROUNDING_MS = 0.000_5;

const QUANTILES = [
  { q: 0.5, label: "0.5", member: "p50_ms" },
  { q: 0.95, label: "0.95", member: "p95_ms" },
  { q: 0.99, label: "0.99", member: "p99_ms" },
] as const;

/** Milliseconds. */
const DISTRIBUTIONS: Record<string, (random: () => number) => number> = {
  uniform: (random) => 0.5 + 1_999.5 * random(),
  log_normal: (random) => 120 * Math.exp(1.3 * normal(random)),
  bimodal: (random) =>
    random() < 0.7 ? Math.abs(8 + normal(random)) : Math.abs(4_000 + 300 * normal(random)),
  pareto: (random) => Math.min(DURATION_MS_MAX, 2 / (1 - random()) ** (1 / 0.9)),
};

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

interface SentDurations {
  /** Of calls, as they are kept, ascending. */
  us: number[];
  bodies: string[];
}

/** Errors are calls and count; replays, here absurdly long, do not. */
function makeDurations(tool: string, calls: CallSource, nowMs: number): SentDurations {
  const draw = DISTRIBUTIONS[tool] as (random: () => number) => number;
  const us: number[] = [];
  const bodies: string[] = [];
  for (let start = 0; start < SAMPLES; start += REPORT_SIZE) {
    const invocations = Array.from({ length: REPORT_SIZE }, () => {
      const outcome: Outcome = calls.random() < 0.2 ? "server_error" : "ok";
      const sample = { workspace: calls.pick(WORKSPACES), plugin: PLUGIN, tool, started_at: nowMs };
      if (calls.random() < 0.02) {
        return { ...sample, duration_ms: DURATION_MS_MAX, outcome: "idempotent_replay" };
      }
      const durationMs = draw(calls.random);
      us.push(Math.round(durationMs * 1e3));
      return { ...sample, duration_ms: durationMs, outcome };
    });
    const report = { instance_id: "gw-1", batch_id: `${tool}-${start}`, invocations };
    bodies.push(JSON.stringify(report));
  }
  return { us: us.sort((a, b) => a - b), bodies };
}

/** Nearest rank: the smallest value that at least q of all are at or under. */
function exactQuantileMs(sortedUs: readonly number[], q: number): number {
  return (sortedUs[Math.ceil(q * sortedUs.length) - 1] ?? Number.NaN) / 1e3;
}

function findFarQuantiles(
  sortedUs: readonly number[],
  shown: (quantile: (typeof QUANTILES)[number]) => number | null | undefined,
): { problems: string[]; seen: string } {
  const results = QUANTILES.map((quantile) => {
    const exact = exactQuantileMs(sortedUs, quantile.q);
    const got = shown(quantile) ?? Number.NaN;
    const error = Math.abs(got - exact) / exact;
    const isNear = Math.abs(got - exact) <= exact * ERROR_MAX + ROUNDING_MS;
    return {
      isNear,
      text: `p${quantile.q * 100} ${got}, exactly ${exact}: ${(error * 100).toFixed(2)} %`,
    };
  });
  const far = results.filter(({ isNear }) => !isNear).map(({ text }) => text);
  return { problems: far, seen: results.map(({ text }) => text).join("; ") };
}

function reportGauge(checks: Checks, page: ScrapePage, tool: string, us: readonly number[]): void {
  const { problems, seen } = findFarQuantiles(us, ({ label: quantile }) =>
    page.value("mcpg_tool_latency_ms", { plugin: PLUGIN, tool, quantile }),
  );
  checks.report(`${tool}: the gauge is within 2.2 % over ${us.length} calls`, problems, seen);
}

function reportRollup(
  checks: Checks,
  granularity: string,
  rollups: readonly Rollup[],
  tool: string,
  us: readonly number[],
): void {
  const matching = rollups.filter((rollup) => rollup.tool === tool);
  const [rollup] = matching;
  const name = `${tool} by ${granularity}`;
  if (rollup === undefined || matching.length > 1) {
    checks.report(`${name}: one rollup`, [`got ${matching.length}`]);
    return;
  }
  const { problems, seen } = findFarQuantiles(us, ({ member }) => rollup[member]);
  checks.report(`${name}: percentiles are within 2.2 %`, problems, seen);
  checks.equal(`${name}: the maximum is exact`, rollup.max_ms, (us.at(-1) ?? Number.NaN) / 1e3);
  const mean = us.reduce((sum, value) => sum + value, 0) / us.length / 1e3;
  const off = Math.abs((rollup.mean_ms ?? Number.NaN) - mean);
  const isExact = off <= ROUNDING_MS * 1.000_001;
  checks.report(
    `${name}: the mean is exact to a microsecond`,
    isExact ? [] : [`got ${rollup.mean_ms}, expected ${mean}`],
    `${rollup.mean_ms} ms`,
  );
}

async function runDistributions(runtime: Runtime, checks: Checks): Promise<void> {
  await runtime.makeOrg(ORG);
  // One instant for all, so that no run lies in two hours; and in the past, so that none is refused.
  const nowMs = Date.now();
  const durations = new Map<string, number[]>();
  for (const [index, tool] of Object.keys(DISTRIBUTIONS).entries()) {
    const { us, bodies } = makeDurations(tool, new CallSource(randomSource(SEED + index)), nowMs);
    durations.set(tool, us);
    const path = `/v1/orgs/${ORG}/invocations`;
    const answers = await Promise.all(bodies.map((body) => runtime.send("POST", path, { body })));
    const refused = answers.filter(({ status, body }) => {
      return status !== 200 || JSON.parse(body.toString()).accepted !== REPORT_SIZE;
    });
    if (refused.length > 0) throw new Error(`Durations were refused: ${refused[0]?.body}`);
  }
  const page = await scrapeCaughtUp(runtime, ORG);
  for (const [tool, us] of durations) reportGauge(checks, page, tool, us);
  for (const granularity of ["hour", "day"] as const) {
    const rollups = await readRollups(runtime, ORG, granularity, 1_000, "plugin,tool");
    for (const [tool, us] of durations) reportRollup(checks, granularity, rollups, tool, us);
  }
}

export function runQuantileSuite(): Promise<Verdict> {
  return runExactSuite("quantiles", runDistributions);
}
