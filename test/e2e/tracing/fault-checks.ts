/** A collector that fails: what it costs requests, which is nothing, and what becomes of the spans. */
import { median, quantile } from "../../bench/figure.ts";
import type { Checks } from "../exactness/checks.ts";
import { type CollectorServer, FAULTS, type Fault } from "./collector-server.ts";
import { settledAccount } from "./settle.ts";
import type { TracingRuntime } from "./tracing-runtime.ts";

const WARM_UP_REQUESTS = 2_000;
const ROUNDS = 6;
const ROUND_REQUESTS = 1_500;
/** On a shared machine the p99 of two equal rounds differs by this much. */
const NOISE_FACTOR = 1.5;
const NOISE_MS = 3;

export async function checkFaults(
  runtime: TracingRuntime,
  collector: CollectorServer,
  checks: Checks,
): Promise<void> {
  await runtime.getMany("/healthz", WARM_UP_REQUESTS);
  await compareLatency(runtime, collector, checks);
  for (const fault of FAULTS) {
    await failTwice(runtime, collector, fault);
    await settledAccount(runtime);
  }
  let request = 0;
  // Those that answer at once, in turn, and every other answer a good one.
  const quick = FAULTS.filter((fault) => fault !== "hang");
  collector.fault = () =>
    request++ % 2 === 0 ? "none" : (quick[(request >> 1) % quick.length] ?? "none");
  for (let round = 0; round < 10; round++) await runtime.getMany("/healthz", 500);
  collector.fault = () => "none";
  await settledAccount(runtime);
  // What was lost last is told with the next span.
  await runtime.get("/healthz");
  reportAccount(collector, checks, await settledAccount(runtime));
}

/** A batch and a bit, of which the first two requests meet the fault. */
async function failTwice(runtime: TracingRuntime, collector: CollectorServer, fault: Fault) {
  let left = 2;
  collector.fault = () => (left-- > 0 ? fault : "none");
  await runtime.getMany("/healthz", 600);
}

function reportAccount(
  collector: CollectorServer,
  checks: Checks,
  { made, dropped }: { made: number; dropped: number },
): void {
  const seen = FAULTS.map((fault) => `${fault} ${collector.requests[fault]}`).join(", ");
  checks.report(
    "every span arrived or is counted as dropped",
    made === collector.arrived.size + dropped
      ? []
      : [`made ${made}, arrived ${collector.arrived.size}, dropped ${dropped}`],
    `made ${made} = arrived ${collector.arrived.size} + dropped ${dropped}; ${seen}`,
  );
  checks.equal("the collector was told of as many", [...collector.told.values()], [dropped]);
  checks.equal("every request to the collector was OTLP", collector.undecodable, 0);
}

async function compareLatency(
  runtime: TracingRuntime,
  collector: CollectorServer,
  checks: Checks,
): Promise<void> {
  const p99sMs: Record<"good" | "faulty", number[]> = { good: [], faulty: [] };
  const faults = ["hang", "503", "reset"] as const;
  for (let round = 0; round < ROUNDS; round++) {
    collector.fault = () => "none";
    await settledAccount(runtime);
    p99sMs.good.push(quantile(await runtime.getMany("/healthz", ROUND_REQUESTS), 0.99));
    collector.fault = () => faults[round % faults.length] ?? "hang";
    p99sMs.faulty.push(quantile(await runtime.getMany("/healthz", ROUND_REQUESTS), 0.99));
  }
  collector.fault = () => "none";
  const [good, faulty] = [median(p99sMs.good), median(p99sMs.faulty)];
  checks.report(
    "a collector that hangs, refuses or resets leaves the p99 of requests as it is",
    faulty <= good * NOISE_FACTOR + NOISE_MS ? [] : [`${faulty} ms instead of ${good} ms`],
    `p99 ${faulty.toFixed(1)} ms, with a good one ${good.toFixed(1)} ms`,
  );
}
