/** Runs the exactness suites, or the one that the argument names. */
import type { Verdict } from "./checks.ts";
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
let passed = 0;
let failed = 0;
const wanted = process.argv[2];
for (const [name, run] of Object.entries(SUITES)) {
  if (wanted !== undefined && wanted !== name) continue;
  const startedAt = performance.now();
  const verdict = await run();
  passed += verdict.passed;
  failed += verdict.failed;
  console.log(`${name} took ${((performance.now() - startedAt) / 1e3).toFixed(1)} s`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
