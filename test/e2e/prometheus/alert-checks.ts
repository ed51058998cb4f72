/** That the alert on error ratios wakes for the tool that fails, and for no other. */
import { eventually } from "./eventually.ts";
import type { Scraper } from "./scrapers.ts";
import type { SuiteContext } from "./suite-context.ts";
import { FLAKY, STEADY } from "./tool-calls.ts";

const ALERT = "MCPGToolErrorRate";
/** Waits for nothing: of the same tool, it fires. */
const OWN_ALERT = "MCPGToolFailures";

export async function checkAlerts({ checks, scrapers }: SuiteContext): Promise<void> {
  for (const scraper of scrapers) {
    const { api, format } = scraper;
    const alerts = await eventually(
      () => toolAlerts(scraper),
      (found) => found.length > 1,
    );
    const got = alerts.map(
      ({ labels: { alertname, tool }, state }) => `${alertname} ${tool} ${state}`,
    );
    const guarantee = `${format.name}: ${ALERT} is pending for the tool that fails in 20 %, ${OWN_ALERT} fires, and no other alert does`;
    const expected = [`${ALERT} ${FLAKY.tool} pending`, `${OWN_ALERT} ${FLAKY.tool} firing`];
    checks.equal(guarantee, [...new Set(got)].sort(), expected);
    const ratio = Number(alerts.find(({ labels }) => labels["alertname"] === ALERT)?.value);
    checks.within(`${format.name}: ${ALERT} reports the ratio`, ratio, 0.19, 0.21);
    for (const alert of [ALERT, OWN_ALERT]) {
      // Without the job: the rules sum over it.
      const ever = `ALERTS{alertname="${alert}",tool="${STEADY.tool}"}`;
      const wakes = await api.text(`count(count_over_time(${ever}[10m]))`);
      checks.equal(`${format.name}: ${alert} never wakes for 3 %`, wakes, "0 results");
    }
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
