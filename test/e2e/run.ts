/**
 * `npm run test:e2e`: what needs real processes. Two lanes of suites run beside each other; then those that
 * judge times, one by one. Suites whose binaries are missing skip with a loud line, and fail where
 * CI=true. `npm run test:e2e -- kill` runs one.
 */
import type { Verdict } from "./checks.ts";
import { runChild } from "./child-suite.ts";
import { SUITES } from "./suites.ts";

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  // Leaving runs the exit handlers, which end the children.
  process.once(signal, () => process.exit(1));
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in SUITES));
if (unknown.length > 0) throw new Error(`there is no suite ${unknown}`);
const usual = Object.keys(SUITES).filter((name) => !SUITES[name]?.isLong);
const names = wanted.length > 0 ? wanted : usual;
const timed = names.filter((name) => SUITES[name]?.isTimed);
const verdicts = [...(await runInLanes(names)), ...(await runInTurn(timed))];
const passed = verdicts.reduce((sum, verdict) => sum + verdict.passed, 0);
const failed = verdicts.reduce((sum, verdict) => sum + verdict.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/**
 * One lane begins with what keeps the cores busy, the other with what mostly waits; the longest first, so
 * that they end together.
 */
async function runInLanes(all: readonly string[]): Promise<Verdict[]> {
  const left = all
    .filter((name) => !SUITES[name]?.isTimed)
    .sort((a, b) => (SUITES[b]?.seconds ?? 0) - (SUITES[a]?.seconds ?? 0));
  const [waiting = [], busy = []] = [true, false].map((waits) =>
    left.filter((name) => (SUITES[name]?.mostlyWaits ?? false) === waits),
  );
  const isAlone = left.length === 1;
  const done: Verdict[] = [];
  const lane = async (first: string[], then: string[]) => {
    for (;;) {
      const name = first.shift() ?? then.shift();
      if (name === undefined) return;
      done.push(await runChild(name, isAlone));
    }
  };
  await Promise.all([lane(busy, waiting), lane(waiting, busy)]);
  return done;
}

async function runInTurn(all: readonly string[]): Promise<Verdict[]> {
  const done: Verdict[] = [];
  for (const name of all) done.push(await runChild(name, true));
  return done;
}
