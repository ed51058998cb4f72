/** That counters are exact: at every scrape, at the end, and in what PromQL makes of them. */
import { eventually } from "./eventually.ts";
import type { VectorSample } from "./prometheus-api.ts";
import type { Scraper } from "./scrapers.ts";
import { selector } from "./selector.ts";
import type { SuiteContext } from "./suite-context.ts";
import { FLAKY, IDLE, LATE, STEADY, type Tool } from "./tool-calls.ts";

/** Reports step the counter every 200 ms and scrapes sample it every 2 s. */
const RATE_TOLERANCE = 0.1;

const COUNTERS = [
  "mcpg_tool_calls_total",
  "mcpg_tool_errors_total",
  "mcpg_tool_invocations_total",
  "mcpg_instance_dropped_samples_total",
];

/** While calls arrive. */
export async function checkRates({ checks, scrapers, traffic }: SuiteContext): Promise<void> {
  for (const { api, format } of scrapers) {
    for (const tool of [FLAKY, STEADY, LATE]) {
      const calls = `rate(${selector("mcpg_tool_calls_total", { tool: tool.tool })}[20s])`;
      const relative = async () => (await api.value(calls)) / traffic.sent.rate(tool, 20_000);
      const isNear = (share: number) => Math.abs(share - 1) <= RATE_TOLERANCE;
      const share = await eventually(relative, isNear);
      const guarantee = `${format.name}: rate of ${tool.tool} over the rate sent`;
      checks.within(guarantee, share, 1 - RATE_TOLERANCE, 1 + RATE_TOLERANCE);
    }
    for (const window of ["20s", "5m"]) {
      const ratio = (tool: Tool) => {
        const labels = { tool: tool.tool };
        const errors = `rate(${selector("mcpg_tool_errors_total", labels)}[${window}])`;
        return api.text(
          `${errors} / rate(${selector("mcpg_tool_calls_total", labels)}[${window}])`,
        );
      };
      const name = `${format.name}: error ratio over ${window} of`;
      checks.within(`${name} a tool that fails in 20 %`, Number(await ratio(FLAKY)), 0.19, 0.21);
      checks.within(`${name} a tool that fails in 3 %`, Number(await ratio(STEADY)), 0.01, 0.0499);
      checks.equal(`${name} an idle tool is no number`, await ratio(IDLE), "NaN");
    }
  }
}

/** After the last acknowledged report. */
export async function checkCounters(context: SuiteContext): Promise<void> {
  const { checks, traffic } = context;
  const { sent, surprises } = traffic;
  checks.equal("every report was taken once, and its resends as known", surprises, []);
  const tools = sent.tools();
  const calls = figures(tools, (tool) => sent.calls(tool));
  const errors = figures(tools, (tool) => sent.errors(tool));
  for (const scraper of context.scrapers) {
    const { api, format } = scraper;
    const isSettled = (samples: VectorSample[]) =>
      bySeries(samples)[keyOf(STEADY)] === calls[keyOf(STEADY)];
    const askCalls = () => api.vector(selector("mcpg_tool_calls_total"));
    const gotCalls = bySeries(await eventually(askCalls, isSettled));
    checks.equal(`${format.name}: calls of every tool are exactly those sent`, gotCalls, calls);
    const gotErrors = bySeries(await api.vector(selector("mcpg_tool_errors_total")));
    checks.equal(`${format.name}: errors of every tool are exactly those sent`, gotErrors, errors);
    const idle = await api.text(selector("mcpg_tool_errors_total", { tool: IDLE.tool }));
    checks.equal(
      `${format.name}: the errors of a tool without errors are zero, not absent`,
      idle,
      "0",
    );
    await checkResets(context, scraper);
    await checkOutcomes(context, scraper);
    await checkEveryScrape(context, scraper);
  }
}

/** Everything that must never go down; a native histogram is one series, of which its count is asked. */
async function checkResets({ checks }: SuiteContext, { api, format }: Scraper): Promise<void> {
  const isNative = format.name === "protobuf";
  const histograms = ["mcpg_tool_duration_seconds", "mcpg_ingest_lag_seconds"].flatMap((name) =>
    isNative
      ? [`histogram_count(${selector(name)})[10m:1s]`, `histogram_sum(${selector(name)})[10m:1s]`]
      : ["_bucket", "_count", "_sum"].map((suffix) => `${selector(name + suffix)}[10m]`),
  );
  const counters = [...COUNTERS.map((name) => `${selector(name)}[10m]`), ...histograms];
  for (const range of counters) {
    const steps = await api.text(`sum(resets(${range}))`);
    checks.equal(`${format.name}: never goes down: ${range}`, steps, "0");
  }
}

async function checkOutcomes({ checks, traffic }: SuiteContext, { api, format }: Scraper) {
  for (const tool of [FLAKY, STEADY]) {
    const labels = { tool: tool.tool };
    const samples = await api.vector(`${selector("mcpg_tool_invocations_total", labels)} > 0`);
    const got = Object.fromEntries(
      samples.map(({ metric: { outcome }, value }) => [outcome, Number(value[1])]),
    );
    const guarantee = `${format.name}: outcomes of ${tool.tool} are exactly those sent, replays apart`;
    checks.equal(guarantee, got, traffic.sent.outcomes(tool));
  }
}

/** A page counts all that was acknowledged before its scrape began, and nothing that was not sent. */
async function checkEveryScrape({ checks, traffic }: SuiteContext, { api, format }: Scraper) {
  const durations = new Map(
    (await api.samples(`${selector("scrape_duration_seconds")}[10m]`))[0]?.values,
  );
  for (const tool of [FLAKY, STEADY, LATE]) {
    const range = `${selector("mcpg_tool_calls_total", { tool: tool.tool })}[10m]`;
    const values = (await api.samples(range))[0]?.values ?? [];
    const wrong = values.flatMap(([atSeconds, value]) => {
      const beganMs = atSeconds * 1e3 - ADJUSTED_MS_MAX;
      const endedMs = atSeconds * 1e3 + Number(durations.get(atSeconds)) * 1e3 + ADJUSTED_MS_MAX;
      const [least, most] = traffic.sent.bounds(tool, beganMs, endedMs);
      const isRight = Number(value) >= least && Number(value) <= most;
      return isRight ? [] : [{ atSeconds, value, least, most }];
    });
    const guarantee = `${format.name}: each scrape counts all of ${tool.tool} acknowledged before it`;
    checks.equal(guarantee, wrong, []);
    checks.within(`${format.name}: scrapes of ${tool.tool}`, values.length, 12, 1_000);
  }
}

/** Prometheus moves a scrape's time by up to 2 ms to a regular beat, and writes whole milliseconds. */
const ADJUSTED_MS_MAX = 4;

function keyOf({ workspace, plugin, tool }: Tool): string {
  return JSON.stringify([workspace, plugin, tool]);
}

function figures(tools: readonly Tool[], figure: (tool: Tool) => number): Record<string, number> {
  return Object.fromEntries(tools.map((tool) => [keyOf(tool), figure(tool)]));
}

function bySeries(samples: readonly VectorSample[]): Record<string, number> {
  return Object.fromEntries(
    samples.map(({ metric, value }) => {
      const { workspace = "", plugin = "", tool = "" } = metric;
      return [keyOf({ workspace, plugin, tool }), Number(value[1])];
    }),
  );
}
