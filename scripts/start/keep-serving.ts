import { setTimeout as sleep } from "node:timers/promises";
import { untilBroken, untilReady } from "./probe.ts";
import type { Settings } from "./settings.ts";
import { WranglerDev } from "./wrangler-dev.ts";

const backOffFirstMs = 500;
const backOffMaxMs = 30_000;
/** With the back-off above, two minutes of starts that fail in a row. */
const restartsMax = 8;
/** A run at least this long was a good one: what ends it belongs to no earlier row. */
const steadyMs = 60_000;

/**
 * Runs `wrangler dev` until the signal, starting it again when it or its runtime dies. The first
 * start has to succeed: what breaks it is a mistake to be read, not a crash to be healed.
 */
export async function keepServing(
  settings: Settings,
  base: string,
  signal: AbortSignal,
  onFirstReady: () => Promise<void>,
): Promise<never> {
  const onReadyAgain = async () => console.log(`serving again on ${base}`);
  let startedAt = Date.now();
  let reason = await serveOnce(settings, base, signal, onFirstReady);
  for (let failures = 0; failures < restartsMax; failures++) {
    if (Date.now() - startedAt >= steadyMs) failures = 0;
    const delayMs = Math.min(backOffMaxMs, backOffFirstMs * 2 ** failures);
    console.error(`the Worker stopped serving (${reason}); restart in ${delayMs / 1000} s`);
    await sleep(delayMs, undefined, { signal });
    startedAt = Date.now();
    reason = await serveOnce(settings, base, signal, onReadyAgain).catch((error: Error) => {
      signal.throwIfAborted();
      return error.message;
    });
  }
  throw new Error(`gave up after ${restartsMax} restarts: ${reason}`);
}

/** Returns why it no longer serves; throws where it never did. Leaves no process behind. */
async function serveOnce(
  settings: Settings,
  base: string,
  signal: AbortSignal,
  onReady: () => Promise<void>,
): Promise<string> {
  const dev = new WranglerDev(settings);
  try {
    await untilReady(dev, base, signal);
    await onReady();
    return await untilBroken(dev, base, signal);
  } finally {
    await dev.stop();
  }
}
