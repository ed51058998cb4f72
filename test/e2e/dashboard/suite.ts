/**
 * The dashboard in a real browser, as the Worker serves it. Most states are shown against chosen answers, which the
 * browser is given in place of the Worker's; `checkWorker` and those of the other pages ask the Worker itself.
 */
import type { Verdict } from "../checks.ts";
import { runSuite } from "../suite.ts";
import { checkActivity } from "./activity-checks.ts";
import { checkAudit } from "./audit-checks.ts";
import { openBrowser } from "./browser.ts";
import { checkCalls } from "./call-checks.ts";
import { makeEvidence } from "./evidence-org.ts";
import { checkFirstView } from "./first-view-checks.ts";
import { checkIdle } from "./idle-checks.ts";
import { checkLag } from "./lag-checks.ts";
import { checkOverview } from "./overview-checks.ts";
import { checkSessions } from "./session-checks.ts";
import { checkShell } from "./shell-checks.ts";
import { checkSignIn } from "./sign-in-checks.ts";
import { checkStyle } from "./style-checks.ts";
import { checkWorker } from "./worker-checks.ts";

const OPTIONS = { entry: "src/index.ts", hasDashboard: true };

export async function runDashboardSuite(): Promise<Verdict> {
  return runSuite("dashboard", OPTIONS, async ({ checks, start }) => {
    const worker = await start();
    const browser = await openBrowser();
    try {
      await checkStyle(checks, browser, worker.url);
      await checkSignIn(checks, browser, worker.url);
      await checkShell(checks, browser, worker.url);
      await checkFirstView(checks, browser, worker.url);
      await checkOverview(checks, browser, worker.url);
      await checkLag(checks, browser, worker.url);
      await checkIdle(checks, browser, worker.url);
      await checkWorker(checks, browser, worker);
      await checkSessions(checks, browser, worker);
      await checkActivity(checks, browser, worker);
      const calls = await makeEvidence(worker);
      await checkCalls(checks, browser, worker, calls);
      await checkAudit(checks, browser, worker, calls);
    } finally {
      await browser.close();
    }
  });
}
