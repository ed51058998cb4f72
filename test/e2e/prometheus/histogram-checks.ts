/** That latencies read right in every form: classic and native histograms, and the quantile gauges. */

import { CLASSIC_BOUNDS_SECONDS } from "#formats/exponential-histogram.ts";
import { DAY_JOB } from "./scrape-config.ts";
import type { Scraper } from "./scrapers.ts";
import { selector } from "./selector.ts";
import type { SuiteContext } from "./suite-context.ts";
import {
  FAST,
  FAST_SECONDS,
  INSTANT,
  LATE,
  SLOW,
  SLOW_SECONDS,
  STEADY,
  steadySeconds,
  type Tool,
} from "./tool-calls.ts";

const QUANTILES = [0.5, 0.95, 0.99];
/** PromQL interpolates inside the bucket that holds the quantile, which is 2^(1/16) wide: 4.43 %. */
const NATIVE_WIDTH = 2 ** (1 / 16);
/** What a window of 1,000 calls differs by from all calls, beside the bucket's width. */
const WINDOW_TOLERANCE = 0.06;
/** A gauge is at its bucket's log midpoint: half the width, in logarithms. */
const GAUGE_WIDTH = 2 ** (1 / 32);
const ZERO_THRESHOLD = 2 ** -20;

/** How each form is asked for a quantile, and where one of `seconds` may then lie. */
const CLASSIC = { kind: "classic", suffix: "_bucket", range: classicBucketOf };
const NATIVE = {
  kind: "native",
  suffix: "",
  range(seconds: number): [low: number, high: number] {
    const off = NATIVE_WIDTH * (1 + WINDOW_TOLERANCE);
    return [seconds / off, seconds * off];
  },
};

/** While calls arrive: the quantile as dashboards ask for it, over a window. */
export async function checkQuantileRates({ checks, scrapers }: SuiteContext): Promise<void> {
  for (const { api, format } of scrapers) {
    const { kind, suffix, range } = format.name === "protobuf" ? NATIVE : CLASSIC;
    for (const quantile of [0.5, 0.95]) {
      const rate = `rate(${durations(STEADY, suffix)}[20s])`;
      const got = await api.value(`histogram_quantile(${quantile}, ${rate})`);
      const [low, high] = range(steadySeconds(quantile));
      checks.within(`${format.name}: ${kind} quantile ${quantile} over 20 s`, got, low, high);
    }
  }
}

/** After the last report is counted. */
export async function checkHistograms(context: SuiteContext): Promise<void> {
  for (const scraper of context.scrapers) {
    if (scraper.format.name === "protobuf") await checkNative(context, scraper);
    else await checkClassic(context, scraper);
    await checkGauges(context, scraper);
  }
  const [openMetrics] = context.scrapers;
  const late = selector("mcpg_tool_latency_ms", { job: DAY_JOB, tool: LATE.tool, quantile: "0.5" });
  const got = (await openMetrics?.api.value(late)) ?? Number.NaN;
  const guarantee = "granularity=day: calls of three hours ago have a quantile";
  context.checks.within(guarantee, got, 30 / GAUGE_WIDTH, 30 * GAUGE_WIDTH);
}

async function checkNative({ checks, traffic }: SuiteContext, { api }: Scraper): Promise<void> {
  const quantileOf = (quantile: number, tool: Tool) =>
    api.value(`histogram_quantile(${quantile}, ${durations(tool)})`);
  for (const quantile of QUANTILES) {
    const exact = traffic.sent.quantileSeconds(STEADY, quantile);
    const got = await quantileOf(quantile, STEADY);
    const guarantee = `native quantile ${quantile} is within a bucket's width of the exact one`;
    checks.within(guarantee, got, exact / NATIVE_WIDTH, exact * NATIVE_WIDTH);
  }
  const slow = await quantileOf(0.5, SLOW);
  const [low, high] = [SLOW_SECONDS / NATIVE_WIDTH, SLOW_SECONDS * NATIVE_WIDTH];
  checks.within("native quantile of five minutes", slow, low, high);
  const instant = await quantileOf(0.9, INSTANT);
  checks.within("native quantile of 0 ms is in the zero bucket", instant, 0, ZERO_THRESHOLD);
  const count = await api.value(`histogram_count(${durations(STEADY)})`);
  checks.equal("native count is exact", count, traffic.sent.calls(STEADY));
  const sum = await api.value(`histogram_sum(${durations(STEADY)})`);
  const exactSum = traffic.sent.sumSeconds(STEADY);
  checks.within("native sum is exact", sum / exactSum, 1 - 1e-9, 1 + 1e-9);
}

async function checkClassic({ checks, traffic }: SuiteContext, scraper: Scraper): Promise<void> {
  const { api, format } = scraper;
  const { sent } = traffic;
  for (const quantile of QUANTILES) {
    const [low, high] = classicBucketOf(sent.quantileSeconds(STEADY, quantile));
    const buckets = durations(STEADY, "_bucket");
    const got = await api.value(`histogram_quantile(${quantile}, ${buckets})`);
    const guarantee = `${format.name}: classic quantile ${quantile} is in the bucket of the exact one`;
    checks.within(guarantee, got, low, high);
  }
  for (const [tool, seconds] of [
    [SLOW, SLOW_SECONDS],
    [FAST, FAST_SECONDS],
  ] as const) {
    const got = await api.value(`histogram_quantile(0.5, ${durations(tool, "_bucket")})`);
    const guarantee = `${format.name}: classic quantile of ${seconds} s is within a factor of two`;
    checks.within(guarantee, got, seconds / 2, seconds * 2);
  }
  for (const tool of [STEADY, SLOW, FAST, INSTANT]) {
    const samples = await api.vector(durations(tool, "_bucket"));
    const got = Object.fromEntries(
      samples.map(({ metric: { le }, value }) => [le, Number(value[1])]),
    );
    const name = `${format.name}: each classic bucket of ${tool.tool} counts exactly`;
    checks.equal(name, got, sent.cumulativeCounts(tool, CLASSIC_BOUNDS_SECONDS));
  }
  const count = await api.value(durations(STEADY, "_count"));
  checks.equal(`${format.name}: the histogram's count is exact`, count, sent.calls(STEADY));
  const sum = await api.value(durations(STEADY, "_sum"));
  const share = sum / sent.sumSeconds(STEADY);
  checks.within(`${format.name}: the histogram's sum is exact`, share, 1 - 1e-9, 1 + 1e-9);
}

async function checkGauges({ checks, traffic }: SuiteContext, scraper: Scraper): Promise<void> {
  const { api, format } = scraper;
  const gauge = ({ tool }: Tool, quantile: number) =>
    api.text(selector("mcpg_tool_latency_ms", { tool, quantile: String(quantile) }));
  for (const quantile of QUANTILES) {
    const exact = traffic.sent.quantileSeconds(STEADY, quantile) * 1e3;
    const got = Number(await gauge(STEADY, quantile));
    const guarantee = `${format.name}: quantile gauge ${quantile} is within 2.2 % of the exact one`;
    checks.within(guarantee, got, exact / GAUGE_WIDTH, exact * GAUGE_WIDTH);
    const empty = await gauge(LATE, quantile);
    checks.equal(
      `${format.name}: quantile gauge ${quantile} of an empty window is NaN`,
      empty,
      "NaN",
    );
  }
}

function durations({ tool }: Tool, suffix = ""): string {
  return selector(`mcpg_tool_duration_seconds${suffix}`, { tool });
}

function classicBucketOf(seconds: number): [low: number, high: number] {
  const bounds = CLASSIC_BOUNDS_SECONDS;
  const upper = bounds.findIndex((bound) => seconds <= bound);
  return [bounds[upper - 1] ?? 0, bounds[upper] ?? Number.POSITIVE_INFINITY];
}
