/** Tracing as seen from outside: other services' headers, a collector's account, the process's memory. */
import type { Runtime } from "../../harness/runtime.ts";
import { Checks, type Verdict } from "../checks.ts";
import { CollectorServer } from "./collector-server.ts";
import { checkFaults } from "./fault-checks.ts";
import { checkLatency } from "./latency-checks.ts";
import { checkMemory } from "./memory-checks.ts";
import { checkSpans } from "./span-checks.ts";
import { startTracing } from "./tracing-runtime.ts";
import { checkW3cCases } from "./w3c-checks.ts";

export function runTracingSuite(): Promise<Verdict> {
  return toItsEnd("tracing", async (checks) => {
    await withRuntime(0.5, (runtime) => checkW3cCases(runtime, checks));
    await withRuntime(1, (runtime, collector) => checkSpans(runtime, collector, checks));
    await withRuntime(1, (runtime, collector) => checkFaults(runtime, collector, checks));
  });
}

/** As many requests as `MCPG_TRACING_REQUESTS` says. */
export function runTracingMemorySuite(): Promise<Verdict> {
  return toItsEnd("tracing-memory", checkMemory);
}

/** By itself, for it takes the time of requests. */
export function runTracingLatencySuite(): Promise<Verdict> {
  return toItsEnd("tracing-latency", (checks) =>
    withRuntime(1, (runtime, collector) => checkLatency(runtime, collector, checks)),
  );
}

async function toItsEnd(name: string, run: (checks: Checks) => Promise<void>): Promise<Verdict> {
  const checks = new Checks(name);
  try {
    await run(checks);
  } catch (error) {
    checks.report("the suite runs to its end", [String((error as Error).stack ?? error)]);
  }
  return checks.verdict;
}

async function withRuntime(
  sampleRate: number,
  check: (runtime: Runtime, collector: CollectorServer) => Promise<void>,
): Promise<void> {
  const collector = await CollectorServer.start();
  const runtime = await startTracing({ endpoint: collector.endpoint, sampleRate });
  try {
    await check(runtime, collector);
  } finally {
    await runtime.stop();
    collector.stop();
  }
}
