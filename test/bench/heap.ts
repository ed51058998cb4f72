/** The Worker's JavaScript heap while something runs, through the inspector. */
import { Inspector } from "../harness/inspector.ts";
import type { Runtime } from "../harness/runtime.ts";

const SAMPLE_EVERY_MS = 20;

/** The largest used size seen; the isolate answers between its own turns, so a peak within one is missed. */
export async function peakHeapBytes(
  runtime: Runtime,
  work: () => Promise<unknown>,
): Promise<number> {
  const inspector = await Inspector.connect(await runtime.inspectorUrl());
  let peakBytes = 0;
  const sample = async () => {
    const usage = await inspector.ask<{ usedSize: number }>("Runtime.getHeapUsage");
    peakBytes = Math.max(peakBytes, usage?.usedSize ?? 0);
  };
  const timer = setInterval(() => void sample(), SAMPLE_EVERY_MS);
  await work().finally(() => clearInterval(timer));
  inspector.close();
  return peakBytes;
}
