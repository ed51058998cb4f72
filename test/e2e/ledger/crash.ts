/** Kills, and faults at each step: the log comes out of all of them whole, and goes on by itself. */
import type { Verdict } from "../checks.ts";
import { runAlarms } from "./crash-alarms.ts";
import { runFaults } from "./crash-faults.ts";
import { runKills } from "./crash-kills.ts";
import { runSigners } from "./crash-signers.ts";
import { runLedgerSuite } from "./ledger-suite.ts";

export function runCrashSuite(): Promise<Verdict> {
  return runLedgerSuite("ledger-crash", async ({ checks, start }) => {
    await runKills(await start(), checks);
    const runtime = await start();
    await runSigners(runtime, checks);
    // Waiting for alarms takes nothing from the others.
    await Promise.all([runAlarms(await start(), checks), runFaults(runtime, checks)]);
  });
}
