/** A collector that fails: what becomes of the spans. */

import type { Runtime } from "../../harness/runtime.ts";
import type { Checks } from "../checks.ts";
import { type CollectorServer, FAULTS, type Fault } from "./collector-server.ts";
import { settledAccount } from "./settle.ts";
import { getMany } from "./tracing-runtime.ts";

export async function checkFaults(
  runtime: Runtime,
  collector: CollectorServer,
  checks: Checks,
): Promise<void> {
  for (const fault of FAULTS) {
    await failTwice(runtime, collector, fault);
    await settledAccount(runtime);
  }
  let request = 0;
  // Those that answer at once, in turn, and every other answer a good one.
  const quick = FAULTS.filter((fault) => fault !== "hang");
  collector.fault = () =>
    request++ % 2 === 0 ? "none" : (quick[(request >> 1) % quick.length] ?? "none");
  for (let round = 0; round < 10; round++) await getMany(runtime, "/healthz", 500);
  collector.fault = () => "none";
  await settledAccount(runtime);
  // What was lost last is told with the next span.
  await runtime.send("GET", "/healthz");
  reportAccount(collector, checks, await settledAccount(runtime));
}

/** A batch and a bit, of which the first two requests meet the fault. */
async function failTwice(runtime: Runtime, collector: CollectorServer, fault: Fault) {
  let left = 2;
  collector.fault = () => (left-- > 0 ? fault : "none");
  await getMany(runtime, "/healthz", 600);
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
