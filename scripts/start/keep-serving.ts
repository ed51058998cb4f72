import { setTimeout as sleep } from "node:timers/promises";
import { driveCron } from "./cron.ts";
import type { DashboardWatch } from "./dashboard-watch.ts";
import type { LocalWorker } from "./local-worker.ts";
import { untilBroken, untilReady } from "./probe.ts";
import { failuresAfter, restartDelayMs } from "./restart-delay.ts";
import { Runtime } from "./runtime.ts";
import type { Settings } from "./settings.ts";

interface Served {
  worker: LocalWorker;
  settings: Settings;
  base: string;
  signal: AbortSignal;
  dashboard: DashboardWatch;
}

/** No fault: there is another dashboard to serve. */
const REBUILT = "the dashboard was built anew";

/**
 * Runs the Worker until the signal, starting it again for as long as it takes when it dies or no longer
 * answers. The first start has to succeed: what breaks it is a mistake to be read, not a crash to be healed.
 */
export async function keepServing(
  served: Served,
  onFirstReady: () => Promise<void>,
): Promise<never> {
  const { base, signal } = served;
  let startedAtMs = performance.now();
  let reason = await serveOnce(served, onFirstReady);
  for (let failures = 0; ; ) {
    signal.throwIfAborted();
    if (reason === REBUILT) console.log(REBUILT);
    else {
      failures = failuresAfter(failures, performance.now() - startedAtMs);
      const delayMs = restartDelayMs(failures, Math.random());
      console.error(`the Worker stopped serving (${reason}); restart ${failures} in ${delayMs} ms`);
      await sleep(delayMs, undefined, { signal });
    }
    startedAtMs = performance.now();
    const onReady = async () => console.log(`serving again on ${base}`);
    reason = await serveOnce(served, onReady).catch((error: Error) => error.message);
  }
}

/** Returns why it no longer serves; throws where it never did. Leaves no process behind. */
async function serveOnce(
  { worker, settings, base, signal, dashboard }: Served,
  onReady: () => Promise<void>,
): Promise<string> {
  const rebuilt = dashboard.built.then(() => REBUILT);
  const runtime = new Runtime(worker, settings);
  try {
    await untilReady(runtime, base, signal);
    await onReady();
    void driveCron(runtime, worker.crons, signal);
    return await Promise.race([untilBroken(runtime, base, signal), rebuilt]);
  } finally {
    await runtime.stop();
  }
}
