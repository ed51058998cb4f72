/** Where the Worker's time goes while something runs: V8's sampling profiler, through the inspector. */
import { Inspector } from "../harness/inspector.ts";
import type { Runtime } from "../harness/runtime.ts";

const INTERVAL_US = 200;

interface ProfileNode {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
}

interface CpuProfile {
  nodes: ProfileNode[];
  samples: number[];
  timeDeltas: number[];
}

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
  return sumByFunction(stopped.profile);
}

function sumByFunction({ nodes, samples, timeDeltas }: CpuProfile): Map<string, number> {
  const names = new Map(
    nodes.map(({ id, callFrame }) => [
      id,
      `${callFrame.functionName || "(anonymous)"} :${callFrame.lineNumber + 1}`,
    ]),
  );
  const sums = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? "?";
    sums.set(name, (sums.get(name) ?? 0) + (timeDeltas[index] ?? 0) / 1e3);
  }
  return new Map([...sums].sort(([, a], [, b]) => b - a));
}
