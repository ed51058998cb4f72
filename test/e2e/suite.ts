/** A suite that breaks off has failed, and so has one that does not end. Runtimes it leaves are stopped. */
import { Runtime, type RuntimeOptions } from "../harness/runtime.ts";
import { Checks, type Verdict } from "./checks.ts";

/** Each takes a minute or two on two free cores; a machine that is shared may take ten times that. */
const SUITE_MS_MAX = 20 * 60_000;

export interface Suite {
  readonly checks: Checks;
  start(options?: RuntimeOptions): Promise<Runtime>;
}

/** Runtimes start with `usual` options, and those that are asked for. */
export async function runSuite(
  name: string,
  usual: RuntimeOptions,
  run: (suite: Suite) => Promise<void>,
  msMax = SUITE_MS_MAX,
): Promise<Verdict> {
  const checks = new Checks(name);
  const started: Runtime[] = [];
  const start = async (options: RuntimeOptions = {}) => {
    const runtime = await Runtime.start({ ...usual, ...options });
    started.push(runtime);
    return runtime;
  };
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("it did not end in time")), msMax);
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
