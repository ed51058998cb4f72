/** After everything that makes figures drift, every figure is exact; and again without any sample row. */

import { HOUR_MS } from "./call-samples.ts";
import type { Verdict } from "./checks.ts";
import { KillableRuntime } from "./killable-runtime.ts";
import { reportFigures, reportKept, reportProgress } from "./stream-checks.ts";
import { Stream } from "./stream-run.ts";

export async function runStreamSuite(): Promise<Verdict> {
  const runtime = await KillableRuntime.start();
  try {
    const stream = new Stream(runtime);
    await stream.run();
    reportProgress(stream);
    await reportFigures(stream, "at the end");
    await reportKept(stream);
    await stream.main.prune(Date.now() + 2 * HOUR_MS);
    await reportFigures(stream, "after every sample row is gone");
    await reportKept(stream);
    return stream.checks.verdict;
  } finally {
    await runtime.stop();
  }
}
