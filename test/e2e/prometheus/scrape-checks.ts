/** That the scrapes work as scrapes: every one, in the format meant, with nothing dropped on the way in. */
import { eventually } from "./eventually.ts";
import { OTHER_ORG_JOB, WRONG_TOKEN_JOB } from "./scrape-config.ts";
import type { Scraper } from "./scrapers.ts";
import { selector } from "./selector.ts";
import type { SuiteContext } from "./suite-context.ts";

/** More than fill a window of 20 s, at one each 2 s. */
const SCRAPES_MIN = 12;

/** A first, bounded wait; what it waited for is checked by the groups that follow. */
export async function waitForScrapes({ scrapers }: SuiteContext): Promise<void> {
  for (const { api } of scrapers) {
    const scraped = () => api.value(`count_over_time(${selector("up")}[5m])`);
    await eventually(scraped, (count) => count >= SCRAPES_MIN, 45_000);
  }
}

export async function checkScrapes(context: SuiteContext): Promise<void> {
  const { checks, scrapers } = context;
  for (const scraper of scrapers) {
    const { api, format } = scraper;
    const { name } = format;
    checks.equal(`${name}: up is 1`, await api.text(selector("up")), "1");
    const everUp = await api.text(`min_over_time(${selector("up")}[5m])`);
    checks.equal(`${name}: up was 1 at every scrape`, everUp, "1");
    const samples = await api.value(selector("scrape_samples_scraped"));
    checks.within(`${name}: a scrape brings samples`, samples, 100, 100_000);
    const created = await api.text('count({__name__=~".+_created"})');
    checks.equal(`${name}: no series tells when another was created`, created, "0 results");
    checkAnswers(context, scraper);
    await checkNothingDropped(context, scraper);
    await checkMetadata(context, scraper);
  }
  await checkRefusals(context);
}

function checkAnswers({ checks }: SuiteContext, { format, proxy }: Scraper): void {
  const { name, contentType, asks } = format;
  const distinct = (values: (string | number | undefined)[]) => [...new Set(values)];
  const { scrapes } = proxy;
  const isAsked = scrapes.every(({ accept }) => accept.startsWith(asks));
  checks.equal(`${name}: the scraper asks for ${asks}`, isAsked, true);
  const seen = (pick: (scrape: (typeof scrapes)[number]) => string | number | undefined) =>
    distinct(scrapes.map(pick));
  checks.equal(
    `${name}: every answer is a 200`,
    seen((scrape) => scrape.status),
    [200],
  );
  const types = seen((scrape) => scrape.contentType);
  checks.equal(`${name}: every answer is ${contentType}`, types, [contentType]);
  const encodings = seen((scrape) => scrape.contentEncoding);
  checks.equal(`${name}: every answer is gzipped, as asked`, encodings, ["gzip"]);
  const caching = seen((scrape) => scrape.cacheControl);
  checks.equal(`${name}: no answer may be cached`, caching, ["no-store"]);
}

/** Prometheus takes a page with out-of-order or duplicate samples for up = 1, and drops them. */
async function checkNothingDropped({ checks }: SuiteContext, scraper: Scraper): Promise<void> {
  const { api, format, prometheus } = scraper;
  const dropped = [...(await api.ownCounters())].filter(([counter]) =>
    /^prometheus_(target_scrapes|tsdb_exemplar).*(out_of_order|out_of_bounds|duplicate)/.test(
      counter,
    ),
  );
  const counted = dropped.filter(([, count]) => count !== 0);
  checks.equal(`${format.name}: Prometheus drops no sample and no exemplar`, counted, []);
  checks.within(`${format.name}: Prometheus counts what it drops`, dropped.length, 4, 20);
  const warnings = prometheus.warnings();
  checks.equal(`${format.name}: Prometheus warns of nothing`, warnings, []);
}

async function checkMetadata({ checks }: SuiteContext, { api, format }: Scraper): Promise<void> {
  const metadata = await api.metadata();
  // OpenMetrics names a counter's family without the suffix of its sample.
  const suffix = format.name === "OpenMetrics" ? "" : "_total";
  const got = [
    `mcpg_tool_calls${suffix}`,
    `mcpg_tool_errors${suffix}`,
    "mcpg_tool_latency_ms",
    "mcpg_tool_duration_seconds",
  ].map((family) => [metadata[family]?.[0]?.type, metadata[family]?.[0]?.help]);
  checks.equal(`${format.name}: types and help texts are the published ones`, got, [
    ["counter", "Total tool invocations"],
    ["counter", "Total tool errors"],
    ["gauge", "Tool latency quantiles"],
    ["histogram", "Duration of tool invocations, errors included, idempotent replays left out"],
  ]);
}

async function checkRefusals({ checks, scrapers }: SuiteContext): Promise<void> {
  const [openMetrics] = scrapers;
  if (openMetrics === undefined) return;
  const { api } = openMetrics;
  const targets = await api.targets();
  for (const [job, status] of [
    [WRONG_TOKEN_JOB, 401],
    [OTHER_ORG_JOB, 404],
  ] as const) {
    checks.equal(`${job}: up is 0`, await api.text(selector("up", { job })), "0");
    const target = targets.find(({ labels: { job: targetJob } }) => targetJob === job);
    const error = target?.lastError ?? "";
    checks.equal(`${job}: the scrape is told ${status}`, error.includes(` ${status} `), true);
    const leaked = await api.text(`count(${selector("mcpg_tool_calls_total", { job })})`);
    checks.equal(`${job}: no figure is shown`, leaked, "0 results");
  }
}
