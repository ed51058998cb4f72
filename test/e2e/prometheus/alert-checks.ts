/** That the alert on error ratios wakes for the tool that fails, and for no other. */
import { eventually } from "./eventually.ts";
import type { Scraper } from "./scrapers.ts";
import { selector } from "./selector.ts";
import type { SuiteContext } from "./suite-context.ts";
import { FLAKY, STEADY } from "./tool-calls.ts";

const ALERT = "MCPGToolErrorRate";

export async function checkAlerts({ checks, scrapers }: SuiteContext): Promise<void> {
  for (const scraper of scrapers) {
    const { api, format } = scraper;
    const alerts = await eventually(
      () => toolAlerts(scraper),
      (found) => found.length > 0,
    );
    const got = alerts.map(
      ({ labels: { alertname, tool }, state }) => `${alertname} ${tool} ${state}`,
    );
    const guarantee = `${format.name}: ${ALERT} is pending for the tool that fails in 20 %, and no other alert is`;
    checks.equal(guarantee, [...new Set(got)], [`${ALERT} ${FLAKY.tool} pending`]);
    const ratio = Number(alerts[0]?.value);
    checks.within(`${format.name}: ${ALERT} reports the ratio`, ratio, 0.19, 0.21);
    const ever = selector("ALERTS", { alertname: ALERT, tool: STEADY.tool });
    const pendings = await api.text(`count(count_over_time(${ever}[10m]))`);
    checks.equal(`${format.name}: ${ALERT} never wakes for 3 %`, pendings, "0 results");
  }
}

/**
 * The cron ticked once, before the first scrape: what came since is not signed, and of so new a clock nothing is
 * deleted. Alerts on these would be right.
 */
async function toolAlerts({ api }: Scraper) {
  return (await api.alerts()).filter(
    ({ labels: { alertname } }) => !/^MCPG(Audit|DeletionPaused)/.test(alertname ?? ""),
  );
}
