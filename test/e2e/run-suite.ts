/** One suite in a process of its own, a child of run.ts, which is sent the verdict. */
import { resolve } from "node:path";
import { SUITES } from "./suites.ts";

// Migrations, monitoring/ and the command are read from where the project lies.
process.chdir(resolve(import.meta.dirname, "../.."));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  // Leaving runs the exit handlers, which end the children and remove their folders.
  process.once(signal, () => process.exit(1));
}
// Nobody is left to tell.
process.once("disconnect", () => process.exit(1));

const suite = SUITES[process.argv[2] ?? ""];
if (suite === undefined) throw new Error(`there is no suite ${process.argv[2]}`);
const verdict = await suite.run();
process.send?.(verdict, () => process.exit(0));
