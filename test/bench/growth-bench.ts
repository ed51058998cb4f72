/** What calls cost once 100,000, one and three million samples are stored: the bill should not know how many there are. */
import { makeReports, reportBody } from "../harness/load.ts";
import type { Runtime } from "../harness/runtime.ts";
import { postReports, sendTimed } from "../harness/timed-requests.ts";
import { workerdCpuMs } from "../harness/workerd-usage.ts";
import { type Figure, median } from "./figure.ts";

const ORG = "growth";
const STORED = [100_000, 1_000_000, 3_000_000];
const SAMPLES = 500;
const SERIES = 1_000;
/** Reports between two folds, and at the end of each stretch those that are measured. */
const REPORTS = 60;
/** Three million samples in 20 hours, 42 calls/s: an older one would be refused. */
const SPAN_MS = (20 * 3_600_000) / (STORED.at(-1)! / SAMPLES);
const READS = 20;

interface Rows {
  rowsRead: number;
  rowsWritten: number;
}

export async function benchGrowth(runtime: Runtime): Promise<Figure[]> {
  await runtime.makeOrg(ORG);
  const stream = new SampleStream(runtime);
  const figures: Figure[] = [];
  for (const stored of STORED) {
    while (stream.stored + 2 * REPORTS * SAMPLES <= stored) await stream.post();
    figures.push(...(await measure(runtime, stream)));
  }
  return figures;
}

/** Reports that follow each other in time, folded as they come. */
class SampleStream {
  stored = 0;
  readonly #runtime: Runtime;
  readonly #fromMs = Date.now() - 20.5 * 3_600_000;
  #seed = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  async post(): Promise<{ ingest: Rows; cpuMs: number; fold: Rows; foldMs: number }> {
    const bodies = this.#nextBodies();
    await this.#runtime.json("GET", "/bench/rows");
    const beforeMs = workerdCpuMs();
    await postReports(this.#runtime, ORG, bodies);
    const cpuMs = workerdCpuMs() - beforeMs;
    const ingest = await this.#runtime.json<Rows>("GET", "/bench/rows");
    const startedAt = performance.now();
    await this.#runtime.json("GET", `/bench/fold?org=${ORG}`);
    const foldMs = performance.now() - startedAt;
    const fold = await this.#runtime.json<Rows>("GET", "/bench/rows");
    this.stored += REPORTS * SAMPLES;
    return { ingest, cpuMs, fold, foldMs };
  }

  #nextBodies(): string[] {
    this.#seed += 1;
    const endMs = Math.round(this.#fromMs + this.#seed * REPORTS * SPAN_MS);
    const time = { spanMs: SPAN_MS, endMs };
    return makeReports(REPORTS, SAMPLES, SERIES, this.#seed, time).map((report) =>
      reportBody(report),
    );
  }
}

async function measure(runtime: Runtime, stream: SampleStream): Promise<Figure[]> {
  const { ingest, cpuMs, fold, foldMs } = await stream.post();
  const samples = REPORTS * SAMPLES;
  const perSample = ({ rowsRead, rowsWritten }: Rows) => [
    { name: "    D1 rows written", value: rowsWritten / samples, unit: "/sample" },
    { name: "    D1 rows read", value: rowsRead / samples, unit: "/sample" },
  ];
  return [
    { name: "samples stored", value: stream.stored },
    { name: "  ingest, processor time", value: (cpuMs * 1e3) / samples, unit: "µs/sample" },
    ...perSample(ingest),
    { name: "  fold", value: (foldMs * 1e3) / samples, unit: "µs/sample" },
    ...perSample(fold),
    ...(await readFigures(runtime, "scrape", "metrics")),
    ...(await readFigures(runtime, "the newest 100 calls", "invocations?limit=100")),
    ...(await readFigures(runtime, "rollups, a page of 100", "rollups?limit=100")),
  ];
}

async function readFigures(runtime: Runtime, name: string, path: string): Promise<Figure[]> {
  await runtime.json("GET", "/bench/rows");
  const request = { method: "GET", path: `/v1/orgs/${ORG}/${path}` };
  const { latenciesMs } = await sendTimed(
    runtime,
    Array.from({ length: READS }, () => request),
    1,
  );
  const { rowsRead } = await runtime.json<Rows>("GET", "/bench/rows");
  return [
    { name: `  ${name}, p50`, value: median(latenciesMs), unit: "ms" },
    { name: "    D1 rows read", value: rowsRead / READS },
  ];
}
