/**
 * `npm run test:e2e`: what needs real processes. Suites whose binaries are missing skip with a loud
 * line, and fail where CI=true. `node test/e2e/run.ts kill` runs one.
 */
import { resolve } from "node:path";
import { runKillSuite } from "./exactness/kill.ts";
import { runMalformedSuite } from "./exactness/malformed.ts";
import { runQuantileSuite } from "./exactness/quantiles.ts";
import { runStreamSuite } from "./exactness/stream.ts";
import { runFormatsSuite } from "./formats/suite.ts";
import { runAttackSuite } from "./ledger/attack.ts";
import { runCrashSuite } from "./ledger/crash.ts";
import { runLoadSuite } from "./ledger/load.ts";
import { runVerifySuite } from "./ledger/verify-cli.ts";
import { runNamesSuite } from "./names/suite.ts";
import { runOtelSuite } from "./otel/suite.ts";
import { runPrometheusSuite } from "./prometheus/suite.ts";
import { runPromtoolSuite } from "./promtool.ts";
import { runStartSuite } from "./start.ts";
import { runStreamsSuite } from "./streams/suite.ts";
import { runTracingSuite } from "./tracing/suite.ts";
import { runWallsSuite } from "./walls/suite.ts";

// The harness reads migrations from where the project lies.
process.chdir(resolve(import.meta.dirname, "../.."));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  // Leaving runs the exit handlers, which end the children and remove their folders.
  process.once(signal, () => process.exit(1));
}

type Suite = () => Promise<{ passed: number; failed: number }>;

const SUITES: Record<string, Suite> = {
  formats: runFormatsSuite,
  walls: runWallsSuite,
  names: runNamesSuite,
  promtool: runPromtoolSuite,
  prometheus: runPrometheusSuite,
  quantiles: runQuantileSuite,
  malformed: runMalformedSuite,
  kill: runKillSuite,
  stream: runStreamSuite,
  "ledger-crash": runCrashSuite,
  "ledger-attack": runAttackSuite,
  "ledger-load": runLoadSuite,
  "ledger-verify": runVerifySuite,
  tracing: runTracingSuite,
  streams: runStreamsSuite,
  otel: runOtelSuite,
  start: runStartSuite,
};

let passed = 0;
let failed = 0;
const wanted = process.argv.slice(2);
for (const [name, run] of Object.entries(SUITES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const startedAt = performance.now();
  const verdict = await run();
  passed += verdict.passed;
  failed += verdict.failed;
  const seconds = ((performance.now() - startedAt) / 1e3).toFixed(0);
  console.log(`== ${name}: ${verdict.passed} passed, ${verdict.failed} failed, ${seconds} s`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
