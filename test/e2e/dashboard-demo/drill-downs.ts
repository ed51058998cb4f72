/** Each kind of figure leads to a list that is as long as the figure: of the demo's own calls, once they have ended. */
import type { Checks } from "../checks.ts";
import {
  chartFigures,
  checkFigures,
  comparedFigures,
  errorFigures,
} from "../dashboard/activity-drills.ts";
import type { Reader } from "../dashboard/browser.ts";
import { ORG } from "./demo-run.ts";

const MINUTE_MS = 60_000;
const CHARTS = ["bar", "column", "ratio point", "percentile point", "legend"];
const TABLES = ["top calls", "top errors", "heat cell"];

export async function checkDrills(checks: Checks, reader: Reader, beganMs: number): Promise<void> {
  const minute = (ms: number) => new Date(Math.ceil(ms / MINUTE_MS) * MINUTE_MS).toISOString();
  const range = `from=${minute(beganMs - MINUTE_MS)}&to=${minute(Date.now())}`;
  const { page } = reader;
  const open = async (query: string) => {
    await reader.open(`/orgs/${ORG}/activity?${range}${query}`, "Tool activity");
    await page.locator("#view h2").first().waitFor();
    while ((await page.locator(".state-loading, #view [aria-busy=true]").count()) > 0) {
      await page.waitForTimeout(50);
    }
  };
  await open("");
  await checkFigures(checks, page, ORG, await chartFigures(page), [...CHARTS, ...TABLES]);
  await open("&view=errors");
  await checkFigures(checks, page, ORG, await errorFigures(page), ["error group"]);
  await open("&view=compare&sel_outcome=policy_denied");
  const compared = await comparedFigures(page);
  await checkFigures(checks, page, ORG, compared, ["selection", "compared value"]);
}
