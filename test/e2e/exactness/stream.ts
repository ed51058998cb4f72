/** After everything that makes figures drift, every figure is exact; and again without any sample row. */

import type { Verdict } from "../checks.ts";
import { HOUR_MS } from "./call-samples.ts";
import { runExactSuite } from "./exact-suite.ts";
import { reportFigures, reportKept, reportProgress } from "./stream-checks.ts";
import { Stream } from "./stream-run.ts";

export function runStreamSuite(): Promise<Verdict> {
  return runExactSuite("stream", async (runtime, checks) => {
    const stream = new Stream(runtime, checks);
    await stream.run();
    reportProgress(stream);
    await reportFigures(stream, "at the end");
    await reportKept(stream, "at the end");
    await stream.main.prune(Date.now() + 2 * HOUR_MS);
    await reportFigures(stream, "after every sample row is gone");
    await reportKept(stream, "after every sample row is gone");
  });
}
