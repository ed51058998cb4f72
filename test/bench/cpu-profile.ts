/** Where the Worker's time goes while something runs: V8's sampling profiler, through the inspector. */
import { Inspector } from "../harness/inspector.ts";
import { type CpuProfile, selfTimes } from "../harness/profile-times.ts";
import type { Runtime } from "../harness/runtime.ts";

const INTERVAL_US = 200;

/** Milliseconds by function, of its own. */
export async function selfTimesMs(
  runtime: Runtime,
  work: () => Promise<unknown>,
): Promise<Map<string, number>> {
  const inspector = await Inspector.connect(await runtime.inspectorUrl());
  await inspector.ask("Profiler.enable");
  await inspector.ask("Profiler.setSamplingInterval", { interval: INTERVAL_US });
  await inspector.ask("Profiler.start");
  await work();
  const stopped = await inspector.ask<{ profile: CpuProfile }>("Profiler.stop");
  inspector.close();
  if (stopped === undefined) throw new Error("the inspector gave no profile");
  return selfTimes(stopped.profile, INTERVAL_US);
}
