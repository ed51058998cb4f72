/** Memory over many requests, most of them with a collector that takes nothing. */

import type { Runtime } from "../../harness/runtime.ts";
import { workerdBytes } from "../../harness/workerd-usage.ts";
import type { Checks } from "../checks.ts";
import { CollectorServer, FAULTS } from "./collector-server.ts";
import { usedHeapBytes } from "./heap-probe.ts";
import { settledAccount } from "./settle.ts";
import { getMany, startTracing } from "./tracing-runtime.ts";

/** `npm run test:long` makes 200,000, which README's figures are of. */
const REQUESTS = Number(process.env["MCPG_TRACING_REQUESTS"] ?? 20_000);
const STEPS = 10;
/** Spans that wait are 2 MB, code and caches come once: what grows with requests is more than this. */
const HEAP_GROWTH_BYTES_MAX = 4_000_000;
/** The runtime's own grows too, without any tracing: this much more is ours. */
const RESIDENT_EXCESS_BYTES_MAX = 60_000_000;

interface MemoryCurve {
  heaps: number[];
  residents: number[];
  seconds: number;
}

/** And the same requests without tracing: what the runtime itself takes. */
export async function checkMemory(checks: Checks): Promise<void> {
  const collector = await CollectorServer.start();
  try {
    let request = 0;
    collector.fault = () => FAULTS[request++ % FAULTS.length] ?? "none";
    const traced = await curveOf(collector.endpoint, async (runtime) => {
      collector.fault = () => "none";
      reportArrival(collector, checks, await settledAccount(runtime));
    });
    const plain = await curveOf(null, async () => undefined);
    reportMemory(checks, plain, traced);
  } finally {
    collector.stop();
  }
}

async function curveOf(
  endpoint: string | null,
  afterwards: (runtime: Runtime) => Promise<void>,
): Promise<MemoryCurve> {
  const runtime = await startTracing({ endpoint });
  const inspectorUrl = await runtime.inspectorUrl();
  const curve: MemoryCurve = { heaps: [], residents: [], seconds: 0 };
  try {
    const startedAt = performance.now();
    for (let step = 0; step < STEPS; step++) {
      await getMany(runtime, "/healthz", REQUESTS / STEPS);
      curve.heaps.push(await usedHeapBytes(inspectorUrl, () => runtime.send("GET", "/healthz")));
      curve.residents.push(workerdBytes());
    }
    curve.seconds = (performance.now() - startedAt) / 1_000;
    await afterwards(runtime);
    return curve;
  } finally {
    await runtime.stop();
  }
}

function reportMemory(checks: Checks, plain: MemoryCurve, traced: MemoryCurve): void {
  const growth = traced.heaps.at(-1)! - traced.heaps[1]!;
  const excess = traced.residents.at(-1)! - plain.residents.at(-1)!;
  const problems: string[] = [];
  if (growth > HEAP_GROWTH_BYTES_MAX) problems.push(`the heap grew by ${growth} bytes`);
  if (excess > RESIDENT_EXCESS_BYTES_MAX) problems.push(`workerd took ${excess} bytes more`);
  checks.report(
    `memory is flat over ${REQUESTS} requests with a collector that mostly fails`,
    problems,
    `traced: ${formatCurve(traced)}; not traced: ${formatCurve(plain)}`,
  );
}

function formatCurve({ heaps, residents, seconds }: MemoryCurve): string {
  const megabytes = (values: readonly number[]) =>
    values.map((bytes) => (bytes / 1e6).toFixed(1)).join(" ");
  return `heap MB ${megabytes(heaps)}, workerd MB ${megabytes(residents)}, ${seconds.toFixed(0)} s`;
}

function reportArrival(
  collector: CollectorServer,
  checks: Checks,
  { made, dropped }: { made: number; dropped: number },
): void {
  checks.report(
    "every one of their spans arrived or is counted as dropped",
    made === collector.arrived.size + dropped
      ? []
      : [`made ${made}, arrived ${collector.arrived.size}, dropped ${dropped}`],
    `made ${made} = arrived ${collector.arrived.size} + dropped ${dropped}`,
  );
}
