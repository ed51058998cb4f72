/** Every figure that the Worker shows of an org, against the truth. */
import { setTimeout as delay } from "node:timers/promises";
import type { Runtime } from "../../harness/runtime.ts";
import { ScrapePage } from "./scrape-page.ts";
import { BOUNDS_SECONDS, OUTCOMES, seriesKey, type Tally, type Truth, windowKey } from "./truth.ts";

const DAY_MS = 86_400_000;
/** Not a divisor of anything here, so that pages end within windows. */
const PAGE_LIMIT = 37;
const CAUGHT_UP_TRIES_MAX = 40;

/** A page that counts all that has arrived: a large backlog may take several scrapes. */
export async function scrapeCaughtUp(runtime: Runtime, org: string): Promise<ScrapePage> {
  for (let attempt = 0; attempt < CAUGHT_UP_TRIES_MAX; attempt += 1) {
    const startedAtMs = Date.now();
    const { status, body } = await runtime.send("GET", `/v1/orgs/${org}/metrics`);
    if (status !== 200) throw new Error(`A scrape was answered ${status}: ${body}`);
    const page = new ScrapePage(org, body);
    if (page.watermarkMs >= startedAtMs) return page;
    await delay(100);
  }
  throw new Error("The backlog was not folded, however often it was scraped");
}

/** Each series' counters, histogram and sum; and no series too many. */
export function findWrongCounters(page: ScrapePage, truth: Truth): string[] {
  const shown = new Set(page.series.map((names) => seriesKey(...names)));
  const unknown = [...shown].filter((key) => !truth.series.has(key));
  const wrong = [...truth.series].flatMap(([key, tally]) => {
    const [workspace, plugin, tool] = JSON.parse(key) as [string, string, string];
    const got = seriesFigures(page, { workspace, plugin, tool });
    return differences(key, got, expectedFigures(tally));
  });
  return [...unknown.map((key) => `${key} is shown and was never sent`), ...wrong];
}

/** For an org above its series cap: what the series add up to. */
export function findWrongTotals(page: ScrapePage, { all }: Truth): string[] {
  const got = {
    calls: page.sumOf("mcpg_tool_calls_total"),
    errors: page.sumOf("mcpg_tool_errors_total"),
    invocations: page.sumOf("mcpg_tool_invocations_total"),
    count: page.sumOf("mcpg_tool_duration_seconds_count"),
    sumUs: Math.round(page.sumOf("mcpg_tool_duration_seconds_sum") * 1e6),
  };
  const { calls, errors, replays, sumUs } = all;
  return differences("all series", got, {
    calls,
    errors,
    invocations: calls + replays,
    count: calls,
    sumUs,
  });
}

/** The lag histogram of an instance counts each of its samples once. */
export function findWrongLags(page: ScrapePage, truth: Truth): string[] {
  return [...truth.instances].flatMap(([instance, count]) => {
    const got = page.value("mcpg_ingest_lag_seconds_count", { instance });
    return got === count ? [] : [`${instance}: ${got} lags, expected ${count}`];
  });
}

function seriesFigures(page: ScrapePage, labels: Record<string, string>): Record<string, unknown> {
  const value = (name: string, more = {}) =>
    page.value(`mcpg_tool_${name}`, { ...labels, ...more });
  const figures: Record<string, unknown> = {
    calls: value("calls_total"),
    errors: value("errors_total"),
    sumUs: Math.round((value("duration_seconds_sum") ?? Number.NaN) * 1e6),
  };
  for (const outcome of OUTCOMES) figures[outcome] = value("invocations_total", { outcome });
  for (const bound of BOUNDS_SECONDS) {
    const le = Number.isInteger(bound) ? [`${bound}`, `${bound}.0`] : [`${bound}`];
    const counts = le.map((text) => value("duration_seconds_bucket", { le: text }));
    figures[`le=${bound}`] = counts.find((count) => count !== undefined);
  }
  return figures;
}

function expectedFigures(tally: Tally): Record<string, unknown> {
  const { calls, errors, sumUs, outcomes, cumulative } = tally;
  const buckets = BOUNDS_SECONDS.map((bound, index) => [`le=${bound}`, cumulative[index]]);
  return { calls, errors, sumUs, ...outcomes, ...Object.fromEntries(buckets) };
}

function differences(
  what: string,
  got: Record<string, unknown>,
  expected: Record<string, unknown>,
): string[] {
  return Object.entries(expected)
    .filter(([name, value]) => got[name] !== value)
    .map(([name, value]) => `${what}: ${name} ${got[name]}, expected ${value}`);
}

export interface Rollup {
  window_start: string;
  workspace: string;
  plugin: string;
  tool: string;
  calls: number;
  errors: number;
  outcomes: Record<string, number>;
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
  max_ms: number | null;
  mean_ms: number | null;
}

/** Every page of the list. */
export async function readList<Item>(
  runtime: Runtime,
  path: string,
  name: string,
): Promise<Item[]> {
  const items: Item[] = [];
  let cursor = "";
  do {
    const page = await runtime.json<Record<string, unknown>>("GET", `${path}${cursor}`);
    items.push(...(page[name] as Item[]));
    const { next_cursor: next } = page;
    cursor = typeof next === "string" ? `&cursor=${encodeURIComponent(next)}` : "";
  } while (cursor !== "");
  return items;
}

export function readRollups(
  runtime: Runtime,
  org: string,
  granularity: "hour" | "day",
  limit = PAGE_LIMIT,
  groupBy = "workspace,plugin,tool",
): Promise<Rollup[]> {
  const from = new Date(Date.now() - 3 * DAY_MS).toISOString();
  const query = `granularity=${granularity}&from=${from}&limit=${limit}&group_by=${groupBy}`;
  return readList<Rollup>(runtime, `/v1/orgs/${org}/rollups?${query}`, "rollups");
}

/** Each window of each series, and none that is not. */
export function findWrongRollups(
  rollups: readonly Rollup[],
  windows: ReadonlyMap<string, Tally>,
): string[] {
  const missing = new Map(windows);
  const wrong = rollups.flatMap((rollup) => {
    const series = seriesKey(rollup.workspace, rollup.plugin, rollup.tool);
    const key = windowKey(rollup.window_start, series);
    const tally = missing.get(key);
    if (tally === undefined) return [`${key} is shown twice or was never sent`];
    missing.delete(key);
    return differences(key, rollupFigures(rollup), expectedRollup(tally));
  });
  return [...wrong, ...[...missing.keys()].map((key) => `${key} is missing`)];
}

function rollupFigures({ calls, errors, outcomes, max_ms, mean_ms }: Rollup) {
  return { calls, errors, ...outcomes, max_ms, mean_ms };
}

function expectedRollup({ calls, errors, outcomes, maxUs, sumUs }: Tally) {
  const hasLatency = calls > 0;
  return {
    calls,
    errors,
    ...outcomes,
    max_ms: hasLatency ? maxUs / 1e3 : null,
    mean_ms: hasLatency ? Math.round(sumUs / calls) / 1e3 : null,
  };
}
