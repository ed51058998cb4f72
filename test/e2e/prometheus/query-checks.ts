/**
 * That every panel and every rule has something to say, whichever form of histogram Prometheus took: one that
 * takes native histograms drops the classic ones, and a query that knows one form only goes empty without a word.
 */
import { readFileSync } from "node:fs";
import { dashboardQueries, type PanelQuery } from "./dashboard.ts";
import { eventually } from "./eventually.ts";
import type { VectorSample } from "./prometheus-api.ts";
import { RULES_PATH } from "./scrape-config.ts";
import type { Scraper } from "./scrapers.ts";
import type { SuiteContext } from "./suite-context.ts";

/** They speak only while something is wrong: entries that wait to be signed, here none do. */
const SILENT_WHEN_WELL = ["16 Audit checkpoints A"];

/** While calls arrive: rates of nothing are no numbers. */
export async function checkQueries(context: SuiteContext): Promise<void> {
  for (const scraper of context.scrapers) {
    await checkPanels(context, scraper);
    await checkRuleQuantiles(context, scraper);
  }
}

async function checkPanels({ checks }: SuiteContext, { api, format }: Scraper): Promise<void> {
  const queries = dashboardQueries();
  const empty: string[] = [];
  const withoutExemplars: string[] = [];
  for (const query of queries) {
    const { name } = query;
    const samples = await eventually(() => api.vector(query.expr), hasNumbers);
    if (!(hasNumbers(samples) || SILENT_WHEN_WELL.includes(name))) empty.push(name);
    if (query.hasExemplars && !(await hasExemplars(query, api))) withoutExemplars.push(name);
  }
  checks.equal(`${format.name}: every query of every panel has data`, empty, []);
  const asking = queries.filter(({ hasExemplars: asks }) => asks);
  checks.within(`${format.name}: queries that ask for exemplars`, asking.length, 4, 4);
  const expected = format.name === "text" ? asking.map(({ name }) => name) : [];
  const guarantee = `${format.name}: panels show exemplars, where the format has any`;
  checks.equal(guarantee, withoutExemplars, expected);
}

/** What a rule compares with its limit: the rule itself is silent while all is well. */
async function checkRuleQuantiles({ checks }: SuiteContext, { api, format }: Scraper) {
  const rules = readFileSync(RULES_PATH, "utf8");
  const quantiles = rules.split(/^ +- alert: /m).flatMap((rule) => {
    const calls = histogramQuantiles(rule);
    return calls.length === 0 ? [] : [[rule.split("\n")[0] ?? "", calls.join(" or ")] as const];
  });
  const found = await Promise.all(
    quantiles.map(async ([alert, query]) => [alert, hasNumbers(await api.vector(query))]),
  );
  const guarantee = `${format.name}: every rule that asks for a quantile gets one`;
  checks.equal(
    guarantee,
    found,
    quantiles.map(([alert]) => [alert, true]),
  );
  checks.within(`${format.name}: rules that ask for a quantile`, quantiles.length, 1, 20);
}

/** Calls of histogram_quantile as they stand in a text, to the bracket that closes each. */
function histogramQuantiles(text: string): string[] {
  return [...text.matchAll(/histogram_quantile\(/g)].map(({ index }) => {
    let depth = 0;
    let end = index;
    do {
      end = text.slice(end).search(/[()]/) + end + 1;
      depth += text[end - 1] === "(" ? 1 : -1;
    } while (depth > 0);
    return text.slice(index, end);
  });
}

function hasNumbers(samples: readonly VectorSample[]): boolean {
  return samples.some(({ value }) => !Number.isNaN(Number(value[1])));
}

async function hasExemplars({ expr }: PanelQuery, api: Scraper["api"]): Promise<boolean> {
  return (await api.exemplars(expr)).some(({ exemplars }) => exemplars.length > 0);
}
