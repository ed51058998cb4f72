/** Runs the exactness suites, or the one that the argument names. */
import { Checks, type Verdict } from "./checks.ts";
import { runKillSuite } from "./kill.ts";
import { runMalformedSuite } from "./malformed.ts";
import { runQuantileSuite } from "./quantiles.ts";
import { runStreamSuite } from "./stream.ts";

const SUITES: Record<string, () => Promise<Verdict>> = {
  stream: runStreamSuite,
  kill: runKillSuite,
  quantiles: runQuantileSuite,
  malformed: runMalformedSuite,
};
/** Each takes under a minute on two free cores. */
const SUITE_MS_MAX = 8 * 60_000;

/** A suite that ends early has failed, and so has one that does not end. */
async function runSuite(name: string, run: () => Promise<Verdict>): Promise<Verdict> {
  const startedAt = performance.now();
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("it did not end in time")), SUITE_MS_MAX);
  const verdict = await Promise.race([run(), expired]).catch((error: Error) => {
    const checks = new Checks(name);
    checks.report("the suite runs to its end", [error.message]);
    return checks.verdict;
  });
  clearTimeout(timer);
  console.log(`${name} took ${((performance.now() - startedAt) / 1e3).toFixed(1)} s`);
  return verdict;
}

async function main(wanted: string | undefined): Promise<void> {
  const suites = Object.entries(SUITES).filter(([name]) => wanted === undefined || wanted === name);
  if (suites.length === 0) throw new Error(`There is no suite ${wanted}`);
  let passed = 0;
  let failed = 0;
  for (const [name, run] of suites) {
    const verdict = await runSuite(name, run);
    passed += verdict.passed;
    failed += verdict.failed;
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

// So that what runs at exit runs: no workerd and no folder is left behind.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
await main(process.argv[2]);
