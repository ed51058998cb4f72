/**
 * The dashboard in a real browser, as the Worker serves it. Most states are shown against chosen answers, which the
 * browser is given in place of the Worker's; `checkWorker` and those of the other pages ask the Worker itself.
 */
import type { Verdict } from "../checks.ts";
import { runSuite } from "../suite.ts";
import { openBrowser } from "./browser.ts";
import { checkLag } from "./lag-checks.ts";
import { checkOverview } from "./overview-checks.ts";
import { checkShell } from "./shell-checks.ts";
import { checkSignIn } from "./sign-in-checks.ts";
import { checkStyle } from "./style-checks.ts";
import { checkWorker } from "./worker-checks.ts";

export async function runDashboardSuite(): Promise<Verdict> {
  return runSuite("dashboard", { hasDashboard: true }, async ({ checks, start }) => {
    const runtime = await start();
    const browser = await openBrowser();
    try {
      await checkStyle(checks, browser, runtime.url);
      await checkSignIn(checks, browser, runtime.url);
      await checkShell(checks, browser, runtime.url);
      await checkOverview(checks, browser, runtime.url);
      await checkLag(checks, browser, runtime.url);
      await checkWorker(checks, browser, runtime);
    } finally {
      await browser.close();
    }
  });
}
