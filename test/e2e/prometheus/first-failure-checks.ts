/** That what a new tool's first report says is seen, though its counters only ever stand where they are. */
import { eventually } from "./eventually.ts";
import type { MatrixSeries } from "./prometheus-api.ts";
import { EVALUATION_INTERVAL_S } from "./scrape-config.ts";
import type { Scraper } from "./scrapers.ts";
import { selector } from "./selector.ts";
import type { SuiteContext } from "./suite-context.ts";
import { NEWBORN } from "./tool-calls.ts";

const ALERT = "MCPGToolFailures";
const FIRST_REPORT = 100;
const EVALUATIONS_MAX = 2;
const OF_TOOL = { tool: NEWBORN.tool };
const FIRING = `ALERTS{alertname="${ALERT}",tool="${NEWBORN.tool}",alertstate="firing"}`;

export async function checkFirstFailures(context: SuiteContext): Promise<void> {
  const { checks, scrapers, traffic } = context;
  await traffic.sendBurst(NEWBORN, FIRST_REPORT, "server_error");
  for (const scraper of scrapers) {
    const { api, format } = scraper;
    const firing = () => api.samples(`${FIRING}[5m]`);
    const fired = await eventually(firing, (series) => series.length > 0);
    const page = await firstPage(scraper);
    const guarantee = `${format.name}: ${ALERT} fires within two evaluations of the page with a tool's first ${FIRST_REPORT} failures`;
    // An evaluation bears the time that it was due at, which may lie within the scrape that it waited for.
    const delayS = firstS(fired[0]) - page.askedS;
    const delayMaxS = page.tookS + EVALUATIONS_MAX * EVALUATION_INTERVAL_S;
    checks.within(guarantee, delayS, 0, delayMaxS);
    const labels = fired[0]?.metric;
    const got = [labels?.["org"], labels?.["workspace"], labels?.["severity"]];
    checks.equal(`${format.name}: ${ALERT} names the org`, got, [
      context.org,
      NEWBORN.workspace,
      "warning",
    ]);
    await checkCountedOnce(context, scraper);
  }
}

/** By what the alert sums; a scrape or two later too, when there are steps to see. Between two rules' evaluations there may be none. */
async function checkCountedOnce({ checks }: SuiteContext, { api, format }: Scraper): Promise<void> {
  const calls = selector("mcpg_tool_calls_total", OF_TOOL);
  const seen = `sum(${selector("mcpg:tool_calls:new10m", OF_TOOL)} or increase(${calls}[10m]))`;
  const counted = await eventually(() => api.value(seen), Number.isFinite);
  checks.equal(`${format.name}: the first report counts once`, counted, FIRST_REPORT);
}

/**
 * When the first page that has the tool was there, whichever job asked for it: the alert sums over jobs. Its samples
 * bear the time when it was asked for.
 */
async function firstPage({ api }: Scraper): Promise<{ askedS: number; tookS: number }> {
  const calls = await api.samples(`mcpg_tool_calls_total{tool="${NEWBORN.tool}"}[5m]`);
  const [first] = calls
    .filter((series) => Number.isFinite(firstS(series)))
    .toSorted((a, b) => firstS(a) - firstS(b));
  const askedS = firstS(first);
  const { job = "", instance = "" } = first?.metric ?? {};
  const durations = await api.samples(
    `scrape_duration_seconds{job="${job}",instance="${instance}"}[5m]`,
  );
  const tookS = durations[0]?.values.find(([atS]) => atS === askedS)?.[1] ?? Number.NaN;
  return { askedS, tookS: Number(tookS) };
}

/** A zero is what Prometheus 3 puts before the first sample. */
function firstS(series: MatrixSeries | undefined): number {
  return series?.values.find(([, value]) => value !== "0")?.[0] ?? Number.NaN;
}
