/** A suite that breaks off has failed, and so has one that does not end. Runtimes it leaves are stopped. */
import { Checks, type Verdict } from "../exactness/checks.ts";
import { LedgerRuntime, type RuntimeOptions } from "./ledger-runtime.ts";

/** Each takes a minute or two on two free cores; a machine that is shared may take ten times that. */
const SUITE_MS_MAX = 20 * 60_000;

export interface Suite {
  readonly checks: Checks;
  start(options?: RuntimeOptions): Promise<LedgerRuntime>;
}

export async function runLedgerSuite(
  name: string,
  run: (suite: Suite) => Promise<void>,
): Promise<Verdict> {
  const checks = new Checks(name);
  const started: LedgerRuntime[] = [];
  const start = async (options?: RuntimeOptions) => {
    const runtime = await LedgerRuntime.start(options);
    started.push(runtime);
    return runtime;
  };
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("it did not end in time")), SUITE_MS_MAX);
  try {
    await Promise.race([run({ checks, start }), expired]);
  } catch (error) {
    checks.report("the suite runs to its end", [String((error as Error).stack ?? error)]);
  } finally {
    clearTimeout(timer);
    await Promise.all(started.map((runtime) => runtime.stop()));
  }
  return checks.verdict;
}

/** Polls: there is no other way to learn of what another process does by itself. */
export async function waitUntil(
  isTrue: () => Promise<boolean>,
  { msMax, what }: { msMax: number; what: string },
): Promise<number> {
  const startedAt = performance.now();
  while (!(await isTrue())) {
    if (performance.now() - startedAt > msMax) throw new Error(`${what}: not within ${msMax} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return performance.now() - startedAt;
}
