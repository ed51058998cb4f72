/** A suite with a Worker of its own. One that breaks off has failed, and so has one that does not end. */
import { Checks, type Verdict } from "./checks.ts";
import { KillableRuntime } from "./killable-runtime.ts";

/** Each takes under a minute on two free cores. */
const SUITE_MS_MAX = 8 * 60_000;

export async function runSuite(
  name: string,
  run: (runtime: KillableRuntime, checks: Checks) => Promise<void>,
): Promise<Verdict> {
  const runtime = await KillableRuntime.start();
  const checks = new Checks(name);
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("it did not end in time")), SUITE_MS_MAX);
  try {
    await Promise.race([run(runtime, checks), expired]);
  } catch (error) {
    checks.report("the suite runs to its end", [String(error)]);
  } finally {
    clearTimeout(timer);
    await runtime.stop();
  }
  return checks.verdict;
}
