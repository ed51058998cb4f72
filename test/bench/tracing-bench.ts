/**
 * What tracing costs a request: without a collector, with one but out of the sample, and in the sample.
 * The same Worker thrice at once, in turns, so that a busy machine is as busy for each.
 */

import { CollectorServer } from "../e2e/tracing/collector-server.ts";
import { getMany, startTracing } from "../e2e/tracing/tracing-runtime.ts";
import type { Runtime } from "../harness/runtime.ts";
import { type Figure, median } from "./figure.ts";

const ROUNDS = 10;
const REQUESTS = 300;
const PATH = "/healthz";

export async function benchTracing(): Promise<Figure[]> {
  const collector = await CollectorServer.start();
  const { endpoint } = collector;
  const runtimes = {
    "no collector": await startTracing({ endpoint: null }),
    "out of the sample": await startTracing({ endpoint, sampleRate: 0 }),
    "in the sample": await startTracing({ endpoint, sampleRate: 1 }),
  };
  try {
    return await compare(Object.entries(runtimes));
  } finally {
    await Promise.all(Object.values(runtimes).map((runtime) => runtime.stop()));
    collector.stop();
  }
}

/** One request after the other, and of the rounds the best: what else the machine does only adds. */
async function compare(runtimes: [string, Runtime][]): Promise<Figure[]> {
  const best = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, runtime] of runtimes) {
      const latenciesMs = await getMany(runtime, PATH, REQUESTS, 1);
      best.set(name, Math.min(median(latenciesMs), best.get(name) ?? Number.POSITIVE_INFINITY));
    }
  }
  return Array.from(best, ([name, value]) => ({
    name: `GET ${PATH}, tracing: ${name}, p50 of the best round`,
    value,
    unit: "ms",
  }));
}
