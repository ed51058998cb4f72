/** A suite of Workers whose ledgers can be hurried, frozen and made to fail, and which may be killed. */
import { join } from "node:path";
import type { Verdict } from "../checks.ts";
import { runSuite, type Suite } from "../suite.ts";

const OPTIONS = {
  entry: join(import.meta.dirname, "ledger-worker.ts"),
  connections: 32,
  isKillable: true,
  // The faults are meant.
  isSilent: true,
};

export function runLedgerSuite(
  name: string,
  run: (suite: Suite) => Promise<void>,
): Promise<Verdict> {
  return runSuite(name, OPTIONS, run);
}
