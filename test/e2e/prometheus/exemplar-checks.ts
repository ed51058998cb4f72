/** That a point on a graph leads to its call. */
import { CLASSIC_BOUNDS_SECONDS, CLASSIC_BUCKETS } from "#formats/exponential-histogram.ts";
import type { ExemplarSeries } from "./prometheus-api.ts";
import type { Scraper } from "./scrapers.ts";
import { selector } from "./selector.ts";
import type { SuiteContext } from "./suite-context.ts";
import { STEADY } from "./tool-calls.ts";

interface Invocation {
  id: string;
  tool: string;
  trace_id: string;
  duration_ms: number;
}

export async function checkExemplars(context: SuiteContext): Promise<void> {
  for (const scraper of context.scrapers) {
    const { api, format } = scraper;
    const isNative = format.name === "protobuf";
    const name = `mcpg_tool_duration_seconds${isNative ? "" : "_bucket"}`;
    const series = await api.exemplars(selector(name, { tool: STEADY.tool }));
    if (format.name === "text") {
      context.checks.equal("text: it has no exemplars, as the format has none", series, []);
      continue;
    }
    await checkLeadToCalls(context, scraper, series);
    // A native histogram is one series, and 2.42 takes the exemplar of its first bucket only.
    const seriesMin = isNative ? 1 : 8;
    context.checks.within(
      `${format.name}: series with exemplars`,
      series.length,
      seriesMin,
      CLASSIC_BUCKETS,
    );
    if (!isNative) checkInsideBucket(context, scraper, series);
  }
}

async function checkLeadToCalls(
  { checks, runtime, org }: SuiteContext,
  { format }: Scraper,
  series: readonly ExemplarSeries[],
): Promise<void> {
  const latest = series.flatMap(({ seriesLabels: { tool }, exemplars }) =>
    exemplars.slice(-3).map((exemplar) => ({ ...exemplar, tool })),
  );
  const wrong: unknown[] = [];
  for (const { labels, value, tool } of latest) {
    const { invocation_id: id, trace_id: traceId } = labels;
    const path = `/v1/orgs/${org}/invocations/${id}`;
    const { status, body } = await runtime.send("GET", path);
    const call = JSON.parse(body.toString()) as Invocation;
    const isItsCall =
      status === 200 &&
      call.id === id &&
      call.trace_id === traceId &&
      call.tool === tool &&
      Math.round(call.duration_ms * 1e3) === Math.round(Number(value) * 1e6);
    if (!isItsCall) wrong.push({ status, labels, value, tool, call });
  }
  checks.equal(`${format.name}: each exemplar leads to its call, by id and by trace`, wrong, []);
  checks.within(`${format.name}: exemplars followed`, latest.length, 1, 100);
}

function checkInsideBucket(
  { checks }: SuiteContext,
  { format }: Scraper,
  series: readonly ExemplarSeries[],
): void {
  const outside = series.filter(({ seriesLabels: { le = "" }, exemplars }) => {
    const upper = Number(le.replace("+Inf", "Infinity"));
    const lower = CLASSIC_BOUNDS_SECONDS.findLast((bound) => bound < upper) ?? 0;
    return !exemplars.every(({ value }) => Number(value) > lower && Number(value) <= upper);
  });
  checks.equal(`${format.name}: each exemplar lies in its own bucket`, outside, []);
}
