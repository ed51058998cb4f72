/** Many at once: one log under 32 clients, and a tick with 1,000 logs to sign. */
import type { Verdict } from "../checks.ts";
import { runLedgerSuite } from "./ledger-suite.ts";
import { runDirtyOrgs } from "./load-dirty-orgs.ts";
import { runOneLog } from "./load-one-log.ts";

export function runLoadSuite(): Promise<Verdict> {
  return runLedgerSuite("ledger-load", async ({ checks, start }) => {
    await runOneLog(await start(), checks);
    await runDirtyOrgs(await start(), checks);
  });
}
