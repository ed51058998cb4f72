/** The dashboard in a real browser. What needs no Worker is shown against chosen answers. */
import type { Verdict } from "../checks.ts";
import { runSuite } from "../suite.ts";
import { checkAudit } from "./audit-checks.ts";
import { openBrowser } from "./browser.ts";
import { checkCalls } from "./call-checks.ts";
import { makeEvidence } from "./evidence-org.ts";
import { checkOverview } from "./overview-checks.ts";
import { startPageServer } from "./page-server.ts";
import { checkSessions } from "./session-checks.ts";
import { checkStyle } from "./style-checks.ts";

export async function runDashboardSuite(): Promise<Verdict> {
  return runSuite("dashboard", {}, async ({ checks, start }) => {
    const server = await startPageServer();
    const browser = await openBrowser();
    try {
      await checkStyle(checks, browser, server.url);
      await checkOverview(checks, browser, server.url);
      const worker = await start({ entry: "src/index.ts", hasDashboard: true });
      await checkSessions(checks, browser, worker);
      const calls = await makeEvidence(worker);
      await checkCalls(checks, browser, worker, calls);
      await checkAudit(checks, browser, worker, calls);
    } finally {
      await browser.close();
      await server.stop();
    }
  });
}
