/** Tracing as seen from outside: other services' headers, a collector's account, the process's memory. */
import { Checks, type Verdict } from "../exactness/checks.ts";
import { CollectorServer } from "./collector-server.ts";
import { checkFaults } from "./fault-checks.ts";
import { checkMemory } from "./memory-checks.ts";
import { checkSpans } from "./span-checks.ts";
import { TracingRuntime } from "./tracing-runtime.ts";
import { checkW3cCases } from "./w3c-checks.ts";

export async function runTracingSuite(): Promise<Verdict> {
  const checks = new Checks("tracing");
  try {
    await withRuntime(0.5, (runtime) => checkW3cCases(runtime, checks));
    await withRuntime(1, (runtime, collector) => checkSpans(runtime, collector, checks));
    await withRuntime(1, (runtime, collector) => checkFaults(runtime, collector, checks));
    await checkMemory(checks);
  } catch (error) {
    checks.report("the suite runs to its end", [String((error as Error).stack ?? error)]);
  }
  return checks.verdict;
}

async function withRuntime(
  sampleRate: number,
  check: (runtime: TracingRuntime, collector: CollectorServer) => Promise<void>,
): Promise<void> {
  const collector = await CollectorServer.start();
  const runtime = await TracingRuntime.start({ endpoint: collector.endpoint, sampleRate });
  try {
    await check(runtime, collector);
  } finally {
    await runtime.stop();
    collector.stop();
  }
}
