/** Ingest of 500-sample requests against node:sqlite inserting the same rows into the same schema. */

import { makeReports, reportBody } from "../harness/load.ts";
import type { Runtime } from "../harness/runtime.ts";
import { postReports } from "../harness/timed-requests.ts";
import { workerdCpuMs } from "../harness/workerd-usage.ts";
import { type Figure, median } from "./figure.ts";
import { insertRaw } from "./raw-sqlite.ts";

const REQUESTS = 120;
const SAMPLES = 500;
const SERIES = 1_000;
const ROUNDS = 5;
/** Of one request's arrival row, as measured; the baseline writes as much. */
const ARRIVAL_BYTES = 33_000;

interface Rows {
  rowsRead: number;
  rowsWritten: number;
}

/** Ours and the baseline alternate, so that both see the same machine. */
export async function benchIngest(runtime: Runtime): Promise<Figure[]> {
  await runtime.makeOrg("bench");
  const samples = REQUESTS * SAMPLES;
  await runtime.makeOrg("bench-without-ids");
  const ours: number[] = [];
  const cpuUs: number[] = [];
  const withoutIds: number[] = [];
  const raw: number[] = [];
  await runtime.makeOrg("bench-ready");
  const ready: Ready = { rates: [], cpuUs: [] };
  const folds: number[] = [];
  const rows: Rows = { rowsRead: 0, rowsWritten: 0 };
  const scrapeRows: number[] = [];
  await runtime.json("GET", "/bench/rows");
  for (let round = 0; round < ROUNDS; round += 1) {
    const reports = makeReports(REQUESTS, SAMPLES, SERIES, round);
    const bodies = reports.map((report) => reportBody(report));
    const beforeMs = workerdCpuMs();
    ours.push((samples / (await postReports(runtime, "bench", bodies))) * 1e3);
    cpuUs.push(((workerdCpuMs() - beforeMs) * 1e3) / samples);
    raw.push((samples / (await insertRaw(reports, ARRIVAL_BYTES))) * 1e3);
    const startedAt = performance.now();
    await runtime.json("GET", "/bench/fold?org=bench");
    folds.push((samples / (performance.now() - startedAt)) * 1e3);
    add(rows, await runtime.json<Rows>("GET", "/bench/rows"));
    scrapeRows.push(await rowsOfScrape(runtime));
    await insertReady(runtime, round, ready);
    withoutIds.push((samples / (await postWithoutIds(runtime, round))) * 1e3);
  }
  const all = samples * ROUNDS;
  const pruned = await prune(runtime);
  return [
    { name: "ingest, 500 a request", value: median(ours), unit: "samples/s" },
    { name: "  raw node:sqlite, same rows", value: median(raw), unit: "samples/s" },
    { name: "  ratio (target ≥ 0.45)", value: ratio(ours, raw) },
    { name: "  processor time, D1's included", value: median(cpuUs), unit: "µs/sample" },
    {
      name: "  D1 alone, the same statements ready made",
      value: median(ready.rates),
      unit: "samples/s",
    },
    { name: "    ratio to raw", value: ratio(ready.rates, raw) },
    { name: "    processor time", value: median(ready.cpuUs), unit: "µs/sample" },
    {
      name: "the same without ids, which are derived",
      value: median(withoutIds),
      unit: "samples/s",
    },
    { name: "  ratio (target ≥ 0.45)", value: ratio(withoutIds, raw) },
    { name: "fold, 1,000 series (target ≥ 100,000)", value: median(folds), unit: "samples/s" },
    {
      name: "D1 rows written, ingest + fold (target ≤ 1.3)",
      value: rows.rowsWritten / all,
      unit: "/sample",
    },
    { name: "D1 rows read, ingest + fold", value: rows.rowsRead / all, unit: "/sample" },
    { name: "D1 rows written by pruning, besides", value: pruned, unit: "/sample" },
    { name: "D1 rows read by a scrape, 60,000 samples", value: scrapeRows[0] ?? 0 },
    { name: "  and 300,000 samples", value: scrapeRows.at(-1) ?? 0 },
  ];
}

function ratio(rates: readonly number[], baseline: readonly number[]): number {
  return median(rates.map((rate, round) => rate / (baseline[round] ?? 1)));
}

interface Ready {
  rates: number[];
  cpuUs: number[];
}

/** Ingest without its Worker: what D1 takes of a report, over its own protocol. */
async function insertReady(runtime: Runtime, round: number, into: Ready): Promise<void> {
  const reports = makeReports(REQUESTS, SAMPLES, SERIES, 2 * ROUNDS + round);
  const posted = reports.map((invocations) => ({ instance_id: "gw-1", invocations }));
  await runtime.json("POST", "/bench/ready?org=bench-ready", posted);
  const beforeMs = workerdCpuMs();
  const startedAt = performance.now();
  await runtime.json("GET", "/bench/insert-ready");
  const samples = REQUESTS * SAMPLES;
  into.rates.push((samples / (performance.now() - startedAt)) * 1e3);
  into.cpuUs.push(((workerdCpuMs() - beforeMs) * 1e3) / samples);
  await runtime.json("GET", "/bench/fold?org=bench-ready");
  await runtime.json("GET", "/bench/rows");
}

/** Milliseconds. The rows that it costs are taken out of what is counted next. */
async function postWithoutIds(runtime: Runtime, round: number): Promise<number> {
  const reports = makeReports(REQUESTS, SAMPLES, SERIES, ROUNDS + round);
  const bodies = reports.map((report) => reportBody(report.map(({ id: _, ...rest }) => rest)));
  const elapsedMs = await postReports(runtime, "bench-without-ids", bodies);
  await runtime.json("GET", "/bench/fold?org=bench-without-ids");
  await runtime.json("GET", "/bench/rows");
  return elapsedMs;
}

function add(sum: Rows, rows: Rows): void {
  sum.rowsRead += rows.rowsRead;
  sum.rowsWritten += rows.rowsWritten;
}

async function rowsOfScrape(runtime: Runtime): Promise<number> {
  await runtime.send("GET", "/v1/orgs/bench/metrics");
  return (await runtime.json<Rows>("GET", "/bench/rows")).rowsRead;
}

/** Rows written per sample pruned. */
async function prune(runtime: Runtime): Promise<number> {
  const { done } = await runtime.json<{ done: boolean }>("GET", "/bench/prune?org=bench");
  const { rowsWritten } = await runtime.json<Rows>("GET", "/bench/rows");
  return done ? 0 : rowsWritten / 5_000;
}
