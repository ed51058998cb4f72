/** A suite with one Worker, which may be killed, and whose tick and pruning can be called at any moment. */
import { join } from "node:path";
import type { Runtime } from "../../harness/runtime.ts";
import type { Checks, Verdict } from "../checks.ts";
import { runSuite } from "../suite.ts";

const OPTIONS = {
  entry: join(import.meta.dirname, "exactness-worker.ts"),
  /** Ingest, scrapes and ticks at once; workerd takes them as they come. */
  connections: 24,
  isKillable: true,
};

export function runExactSuite(
  name: string,
  run: (runtime: Runtime, checks: Checks) => Promise<void>,
  msMax?: number,
): Promise<Verdict> {
  return runSuite(name, OPTIONS, async ({ checks, start }) => run(await start(), checks), msMax);
}
