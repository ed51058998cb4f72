/** The OpenTelemetry Collector, sent the bodies that we are sent: its two pipelines, a process each. */
import { Collector, collectorProgram, collectorVersion } from "../../e2e/fleet/collector.ts";
import { freePort } from "../../e2e/gateway/node-process.ts";
import { madeWithGo } from "../../e2e/go-program.ts";
import { waitUntil } from "../../e2e/wait-until.ts";
import { HttpClient } from "../../harness/http-client.ts";
import { type Figure, median } from "../figure.ts";
import { countedSpans, countingConfig, droppingConfig } from "./pipelines.ts";
import { POSTING_CONNECTIONS, postBodies } from "./post-bodies.ts";

const TARGET = { path: "/v1/traces", contentType: "application/x-protobuf" };
/** Its counts are told each 15 s. */
const COUNTED_MS_MAX = 40_000;

/** By round: spans a second, and µs of processor time a span. */
export interface IngestRounds {
  rates: readonly number[];
  cpuUs: readonly number[];
}

interface Pipeline {
  what: string;
  collector: Collector;
  client: HttpClient;
  rates: number[];
  cpuUs: number[];
}

export class CollectorPeer {
  readonly #version: string;
  readonly #pipelines: readonly Pipeline[];
  readonly #exporterPort: number;
  #spans = 0;
  #hasFailed = false;

  private constructor(version: string, pipelines: readonly Pipeline[], exporterPort: number) {
    this.#version = version;
    this.#pipelines = pipelines;
    this.#exporterPort = exporterPort;
  }

  /** None, said aloud, where Go or the modules cannot be had. */
  static orSkip(): Promise<CollectorPeer | undefined> {
    return madeWithGo("THE COLLECTOR", async () => {
      const program = await collectorProgram();
      const port = await freePort();
      const pipelines = [
        await startPipeline(program, "drops them", droppingConfig()),
        await startPipeline(program, "counts them by series", countingConfig(port)),
      ];
      return new CollectorPeer(await collectorVersion(), pipelines, port);
    });
  }

  /** `spans` in all. What goes wrong there, said aloud, does not cost our own figures. */
  async round(bodies: readonly (string | Uint8Array)[], spans: number): Promise<void> {
    await this.#try(async () => {
      for (const { collector, client, rates, cpuUs } of this.#pipelines) {
        const cpuBeforeMs = collector.cpuMs;
        const elapsedMs = await postBodies(client, TARGET, bodies);
        cpuUs.push(((collector.cpuMs - cpuBeforeMs) * 1e3) / spans);
        rates.push((spans * 1e3) / elapsedMs);
      }
      this.#spans += spans;
    });
  }

  /** None if not every span was counted. */
  async figures(ours: IngestRounds): Promise<Figure[]> {
    await this.#try(async () => {
      const isCounted = async () => (await countedSpans(this.#exporterPort)) === this.#spans;
      await waitUntil(isCounted, { msMax: COUNTED_MS_MAX, what: "the Collector counts all spans" });
    });
    if (this.#hasFailed) return [];
    return this.#pipelines.flatMap(({ what, rates, cpuUs }) => [
      {
        name: `  Collector ${this.#version}, ${what}, keeps nothing`,
        value: median(rates),
        unit: "spans/s",
      },
      { name: "    ratio of rates, ours to its", value: ratio(ours.rates, rates) },
      { name: "    its processor time", value: mean(cpuUs), unit: "µs/span" },
      { name: "    ratio of processor time, ours to its", value: mean(ours.cpuUs) / mean(cpuUs) },
    ]);
  }

  async stop(): Promise<void> {
    for (const { collector, client } of this.#pipelines) {
      client.disconnect();
      await collector.stop();
    }
  }

  async #try(work: () => Promise<void>): Promise<void> {
    if (this.#hasFailed) return;
    try {
      await work();
    } catch (error) {
      console.log(`THE COLLECTOR FAILED: ${(error as Error).message}`);
      this.#hasFailed = true;
    }
  }
}

async function startPipeline(program: string, what: string, config: object): Promise<Pipeline> {
  const collector = await Collector.start(program, config);
  const options = { connections: POSTING_CONNECTIONS, isResending: true };
  const client = new HttpClient(collector.url, options);
  return { what, collector, client, rates: [], cpuUs: [] };
}

/** Of what was measured in the same round. */
function ratio(ours: readonly number[], its: readonly number[]): number {
  return median(ours.map((value, round) => value / (its[round] ?? Number.NaN)));
}

/** Not the median: a round of the Collector takes a dozen ticks of /proc, and is counted in whole ones. */
function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
