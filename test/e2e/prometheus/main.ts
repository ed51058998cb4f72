// Runs the suite alone: `node test/e2e/prometheus/main.ts`.
import { resolve } from "node:path";
import { runPrometheusSuite } from "./suite.ts";

// The harness reads migrations from where the project lies.
process.chdir(resolve(import.meta.dirname, "../../.."));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  // Leaving runs the exit handlers, which end the children and remove the folder.
  process.once(signal, () => process.exit(1));
}
const { passed, failed } = await runPrometheusSuite();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
