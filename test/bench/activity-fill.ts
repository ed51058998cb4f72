/** A quarter of an hour of a day of 5,000,000 calls of 10,000 tools, reported and folded. */
import { makeLoadSample, randomSource, reportBody } from "../harness/load.ts";
import type { Runtime } from "../harness/runtime.ts";
import { postReports } from "../harness/timed-requests.ts";

export const TOOLS = 10_000;
export const PLUGINS = 200;
export const QUARTER_MS = 900_000;
export const HOUR_MS = 4 * QUARTER_MS;
export const CALLS_PER_QUARTER = 52_000;

const CALLS_PER_REPORT = 500;

export async function fillQuarter(runtime: Runtime, org: string, fromMs: number): Promise<void> {
  const random = randomSource(3);
  const bodies: string[] = [];
  for (let start = 0; start < CALLS_PER_QUARTER; start += CALLS_PER_REPORT) {
    const samples = Array.from({ length: CALLS_PER_REPORT }, (_, index) => {
      const number = Math.floor(random() * TOOLS);
      const startedAtMs = fromMs + Math.floor(((start + index) / CALLS_PER_QUARTER) * QUARTER_MS);
      const sample = makeLoadSample(number, random, startedAtMs);
      const error_code = sample.outcome === "ok" ? undefined : `E${number % 23}`;
      return { ...sample, plugin: `plugin-${number % PLUGINS}`, error_code };
    });
    bodies.push(reportBody(samples));
  }
  await postReports(runtime, org, bodies);
  await runtime.json("GET", `/bench/fold?org=${org}`);
}
