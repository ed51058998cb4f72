/** The Worker's JavaScript heap, after a collection, through the inspector. */
import { Inspector } from "../../harness/inspector.ts";

/** The inspector answers between turns of the isolate, so something must keep it turning. */
const POKE_EVERY_MS = 50;
const ANSWER_MS_MAX = 5_000;
const ATTEMPTS_MAX = 5;

export async function usedHeapBytes(
  inspectorUrl: string,
  poke: () => Promise<unknown>,
): Promise<number> {
  // One that is still under way when the runtime stops is not answered, and need not be.
  const timer = setInterval(() => void poke().catch(() => undefined), POKE_EVERY_MS);
  try {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const bytes = await usedHeapOnce(inspectorUrl);
      if (bytes !== null) return bytes;
    }
  } finally {
    clearInterval(timer);
  }
  throw new Error("the inspector does not answer");
}

/** Null without an answer in time. */
async function usedHeapOnce(inspectorUrl: string): Promise<number | null> {
  const inspector = await Inspector.connect(inspectorUrl).catch(() => null);
  if (inspector === null) return null;
  const { promise: expired, resolve: expire } = Promise.withResolvers<null>();
  const timer = setTimeout(() => expire(null), ANSWER_MS_MAX);
  try {
    return await Promise.race([expired, usedSizeOf(inspector)]);
  } finally {
    clearTimeout(timer);
    inspector.close();
  }
}

async function usedSizeOf(inspector: Inspector): Promise<number | null> {
  await inspector.ask("HeapProfiler.collectGarbage");
  const usage = await inspector.ask<{ usedSize: number }>("Runtime.getHeapUsage");
  return usage?.usedSize ?? null;
}
