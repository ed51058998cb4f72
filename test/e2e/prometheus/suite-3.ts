/**
 * Prometheus 3 against the Worker, in each format, with zeros before first samples and without: a new tool's first
 * failures fire, and count once; every panel and rule has data. And the rules' own tests, by its promtool: ranges are
 * open on the left there.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Runtime } from "../../harness/runtime.ts";
import { Checks, type Verdict } from "../checks.ts";
import { missingGo } from "../go-program.ts";
import { checkRuleTests } from "../promtool/suite.ts";
import { checkAlerts } from "./alert-checks.ts";
import { checkFirstFailures } from "./first-failure-checks.ts";
import { FleetTraffic } from "./fleet-traffic.ts";
import { type Prometheus3, prometheus3 } from "./prometheus-3.ts";
import { checkQueries } from "./query-checks.ts";
import { waitForScrapes } from "./scrape-checks.ts";
import { writeRules } from "./scrape-config.ts";
import { type Format, type Scraper, startScrapers, stopScrapers } from "./scrapers.ts";
import { selector } from "./selector.ts";
import { makeScrapeToken, ORG, OTHER_ORG } from "./suite.ts";
import { NEWBORN } from "./tool-calls.ts";

const ZEROS = "created-timestamp-zero-ingestion";
const TEXT = "text/plain; version=0.0.4; charset=utf-8";
const OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PROTOBUF =
  "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

const FORMATS: readonly Format[] = [
  format("text", TEXT, { scrape_protocols: ["PrometheusText0.0.4"] }),
  format("OpenMetrics", OPEN_METRICS, { scrape_protocols: ["OpenMetricsText1.0.0"] }),
  format("protobuf", PROTOBUF, { scrape_native_histograms: true }),
];

function format(name: string, contentType: string, scrapeConfig: Record<string, unknown>): Format {
  const asks = contentType.slice(0, contentType.indexOf(";"));
  return { name, contentType, asks, features: ["exemplar-storage"], scrapeConfig };
}

export async function runPrometheus3Suite(): Promise<Verdict> {
  const checks = new Checks("prometheus-3");
  if (missingGo().length > 0) {
    console.log("!!! SKIPPED THE PROMETHEUS 3 SUITE: there is no Go here to build it with");
    return checks.verdict;
  }
  const programs = await prometheus3();
  const folder = mkdtempSync(join(tmpdir(), "mcpg-prometheus-3-"));
  try {
    for (const withZeros of [false, true]) await runIn(folder, programs, checks, withZeros);
  } catch (error) {
    checks.report("the suite runs to its end", [String((error as Error).stack ?? error)]);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  const { passed, failed } = checkRuleTests(programs.promtool);
  return { passed: checks.verdict.passed + passed, failed: checks.verdict.failed + failed };
}

async function runIn(
  folder: string,
  { prometheus }: Prometheus3,
  checks: Checks,
  withZeros: boolean,
): Promise<void> {
  const part = mkdtempSync(join(folder, "part-"));
  const runtime = await Runtime.start({ folder: join(part, "worker") });
  const scrapers: Scraper[] = [];
  const traffic = new FleetTraffic(runtime, ORG);
  const formats = withZeros
    ? FORMATS.map((each) => ({
        ...each,
        name: `${each.name} with zeros`,
        features: [...each.features, ZEROS],
      }))
    : FORMATS;
  try {
    const token = await makeScrapeToken(runtime);
    const { path: rulesPath } = await writeRules(part);
    await traffic.sendFirst();
    await runtime.tick();
    const place = { folder: part, token, worker: runtime.url, org: ORG, otherOrg: OTHER_ORG };
    await startScrapers({ ...place, rulesPath, formats, program: prometheus }, scrapers);
    const context = { checks, runtime, org: ORG, token, traffic, scrapers };
    traffic.start();
    await waitForScrapes(context);
    checkFormats(checks, scrapers);
    await checkAlerts(context);
    await checkFirstFailures(context);
    if (withZeros) await checkZeros(checks, scrapers);
    else await checkQueries(context);
  } finally {
    await traffic.stop().catch(() => undefined);
    await stopScrapers(scrapers);
    await runtime.stop();
  }
}

function checkFormats(checks: Checks, scrapers: readonly Scraper[]): void {
  for (const {
    format: { name, contentType },
    proxy,
  } of scrapers) {
    const types = new Set(proxy.scrapes.map(({ contentType: type = "" }) => media(type)));
    checks.equal(`${name}: is what is scraped`, [...types], [media(contentType)]);
  }
}

/** Text 0.0.4 cannot say when a counter was created. */
async function checkZeros(checks: Checks, scrapers: readonly Scraper[]): Promise<void> {
  for (const { api, format: each } of scrapers) {
    const calls = selector("mcpg_tool_calls_total", { tool: NEWBORN.tool });
    const first = (await api.samples(`${calls}[5m]`))[0]?.values[0]?.[1];
    const expected = each.contentType === TEXT ? "100" : "0";
    checks.equal(`${each.name}: the first sample of a new tool`, first, expected);
  }
}

function media(contentType: string): string {
  return contentType.split(";")[0] ?? "";
}
