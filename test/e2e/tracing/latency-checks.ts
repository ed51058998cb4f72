/** A collector that fails: what it costs requests, which is nothing. */
import { median, quantile } from "../../bench/figure.ts";
import type { Runtime } from "../../harness/runtime.ts";
import type { Checks } from "../checks.ts";
import type { CollectorServer } from "./collector-server.ts";
import { settledAccount } from "./settle.ts";
import { getMany } from "./tracing-runtime.ts";

const WARM_UP_REQUESTS = 2_000;
const ROUNDS = 6;
const ROUND_REQUESTS = 1_500;
/** On a shared machine the p99 of two equal rounds differs by this much. */
const NOISE_FACTOR = 1.5;
const NOISE_MS = 3;

export async function checkLatency(
  runtime: Runtime,
  collector: CollectorServer,
  checks: Checks,
): Promise<void> {
  await getMany(runtime, "/healthz", WARM_UP_REQUESTS);
  const p99sMs: Record<"good" | "faulty", number[]> = { good: [], faulty: [] };
  const faults = ["hang", "503", "reset"] as const;
  for (let round = 0; round < ROUNDS; round++) {
    collector.fault = () => "none";
    await settledAccount(runtime);
    p99sMs.good.push(quantile(await getMany(runtime, "/healthz", ROUND_REQUESTS), 0.99));
    collector.fault = () => faults[round % faults.length] ?? "hang";
    p99sMs.faulty.push(quantile(await getMany(runtime, "/healthz", ROUND_REQUESTS), 0.99));
  }
  collector.fault = () => "none";
  const [good, faulty] = [median(p99sMs.good), median(p99sMs.faulty)];
  checks.report(
    "a collector that hangs, refuses or resets leaves the p99 of requests as it is",
    faulty <= good * NOISE_FACTOR + NOISE_MS ? [] : [`${faulty} ms instead of ${good} ms`],
    `p99 ${faulty.toFixed(1)} ms, with a good one ${good.toFixed(1)} ms`,
  );
}
