/** Folds and scrapes of a large org, against prom-client rendering the same families. */

import { type LoadSample, makeLoadSample, randomSource, reportBody } from "../harness/load.ts";
import type { Runtime } from "../harness/runtime.ts";
import { postReports } from "../harness/timed-requests.ts";
import { type Figure, median } from "./figure.ts";
import { peakHeapBytes } from "./heap.ts";
import { renderPromClient } from "./prom-client-page.ts";

/** Distinct native buckets of every series: a factor of 40 between its fastest and its slowest call. */
const BUCKETS = 84;
const RENDERS = 5;

const ACCEPT = {
  text: "text/plain;version=0.0.4",
  openmetrics: "application/openmetrics-text;version=1.0.0",
  protobuf:
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
};

export async function benchScrape(runtime: Runtime, tools: number): Promise<Figure[]> {
  const org = `bench-${tools}`;
  await runtime.makeOrg(org);
  await fill(runtime, org, tools);
  const fold = await foldThreeEach(runtime, org, tools);
  const baseline = median(await renderPromClient(tools, RENDERS));
  const at = `${tools.toLocaleString("en")} tools of ${BUCKETS} buckets`;
  const figures: Figure[] = [
    { name: `fold, ${at}, 3 new samples each (target ≤ 2,000)`, value: fold.totalMs, unit: "ms" },
    { name: "  longest chunk (target ≤ 500)", value: fold.chunkMs, unit: "ms" },
    { name: "  rows written", value: fold.rowsWritten / (3 * tools), unit: "/sample" },
  ];
  for (const format of ["text", "openmetrics", "protobuf"] as const) {
    const elapsedMs = median(await scrapes(runtime, org, ACCEPT[format]));
    figures.push({
      name: `scrape, ${at}, ${format} (target ≤ 2,000)`,
      value: elapsedMs,
      unit: "ms",
    });
    if (format !== "text") continue;
    figures.push({
      name: "  prom-client rendering the same families",
      value: baseline,
      unit: "ms",
    });
    figures.push({ name: "  ratio (target ≤ 1)", value: elapsedMs / baseline });
  }
  const { rowsRead } = await runtime.json<{ rowsRead: number }>("GET", "/bench/rows");
  const heapBytes = await peakHeapBytes(runtime, () => scrape(runtime, org, ACCEPT.protobuf));
  figures.push({ name: "  D1 rows read", value: rowsRead / (3 * RENDERS), unit: "/scrape" });
  figures.push({ name: "  heap, largest seen (target ≤ 100)", value: heapBytes / 1e6, unit: "MB" });
  return figures;
}

/** Each series gets one call in each of `BUCKETS` neighbouring buckets. */
async function fill(runtime: Runtime, org: string, tools: number): Promise<void> {
  const random = randomSource(1);
  const toolsPerReport = 10;
  for (let start = 0; start < tools; start += 1_000) {
    const bodies: string[] = [];
    for (let tool = start; tool < Math.min(tools, start + 1_000); tool += toolsPerReport) {
      const samples: LoadSample[] = [];
      for (let bucket = 0; bucket < BUCKETS * toolsPerReport; bucket += 1) {
        const sample = makeLoadSample(tool + Math.floor(bucket / BUCKETS), random);
        sample.duration_ms = 1e3 * 2 ** (((bucket % BUCKETS) - 75.5) / 16);
        samples.push(sample);
      }
      bodies.push(reportBody(samples));
    }
    await postReports(runtime, org, bodies);
    await runtime.json("GET", `/bench/fold?org=${org}`);
  }
}

/** Three shuffled calls a series, then one fold of it all. */
async function foldThreeEach(runtime: Runtime, org: string, tools: number) {
  const random = randomSource(2);
  const order = Array.from({ length: 3 * tools }, (_, index) => index % tools);
  order.sort(() => random() - 0.5);
  const bodies: string[] = [];
  for (let start = 0; start < order.length; start += 500) {
    const samples = order.slice(start, start + 500).map((tool) => makeLoadSample(tool, random));
    bodies.push(reportBody(samples));
  }
  await postReports(runtime, org, bodies);
  await runtime.json("GET", "/bench/rows");
  const startedAt = performance.now();
  const chunksMs = await runtime.json<number[]>("GET", `/bench/fold?org=${org}`);
  const totalMs = performance.now() - startedAt;
  const { rowsWritten } = await runtime.json<{ rowsWritten: number }>("GET", "/bench/rows");
  return { totalMs, chunkMs: Math.max(...chunksMs), rowsWritten };
}

async function scrapes(runtime: Runtime, org: string, accept: string): Promise<number[]> {
  const elapsedMs: number[] = [];
  for (let render = 0; render < RENDERS; render += 1) {
    const startedAt = performance.now();
    await scrape(runtime, org, accept);
    elapsedMs.push(performance.now() - startedAt);
  }
  return elapsedMs;
}

async function scrape(runtime: Runtime, org: string, accept: string): Promise<void> {
  const headers = { accept, "accept-encoding": "gzip" };
  const { status } = await runtime.send("GET", `/v1/orgs/${org}/metrics`, { headers });
  if (status !== 200) throw new Error(`a scrape answered ${status}`);
}
