/** The dashboard in a real browser. What needs no Worker is shown against chosen answers. */
import type { Verdict } from "../checks.ts";
import { runSuite } from "../suite.ts";
import { checkActivity } from "./activity-checks.ts";
import { openBrowser } from "./browser.ts";
import { checkLag } from "./lag-checks.ts";
import { checkOverview } from "./overview-checks.ts";
import { startPageServer } from "./page-server.ts";

await checkLag(checks, browser, server.url);
const worker = await start({ entry: "src/index.ts", hasDashboard: true });
await checkSessions(checks, browser, worker);
await checkActivity(checks, browser, worker);

import { checkStyle } from "./style-checks.ts";

export async function runDashboardSuite(): Promise<Verdict> {
  return runSuite("dashboard", {}, async ({ checks, start }) => {
    const server = await startPageServer();
    const browser = await openBrowser();
    try {
      await checkStyle(checks, browser, server.url);
      await checkSignIn(checks, browser, server.url);
      await checkShell(checks, browser, server.url);
      await checkOverview(checks, browser, server.url);
      await checkLag(checks, browser, server.url);
      const worker = await start({ entry: "src/index.ts", hasDashboard: true });
      await checkSessions(checks, browser, worker);
      await checkActivity(checks, browser, worker);
    } finally {
      await browser.close();
      await server.stop();
    }
  });
}
