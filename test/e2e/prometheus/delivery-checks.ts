/** That an alert reaches somebody, through the Alertmanager that is shipped. */
import type { Checks } from "../checks.ts";
import type { AlertmanagerProcess } from "./alertmanager-process.ts";
import { eventually } from "./eventually.ts";
import { FLAKY, NEWBORN } from "./tool-calls.ts";

const OWN = `operators: firing MCPGToolFailures (warning): Calls of ${NEWBORN.plugin}.${NEWBORN.tool} fail monitoring/runbooks.md#mcpgtoolfailures`;
const GUIDES = `operators: firing MCPGToolErrorRate (no severity): High error rate on ${FLAKY.plugin}.${FLAKY.tool}`;
const CRITICAL = "pager: firing MCPGScrapeDown (critical): told";

export async function checkDelivery(
  checks: Checks,
  alertmanager: AlertmanagerProcess,
): Promise<void> {
  // The guide's rule is pending for longer than this suite runs.
  const { plugin, tool } = FLAKY;
  const summary = `High error rate on ${plugin}.${tool}`;
  await alertmanager.tell({ alertname: "MCPGToolErrorRate", plugin, tool }, { summary });
  const down = { alertname: "MCPGScrapeDown", severity: "critical" };
  await alertmanager.tell(down, { summary: "told" });
  const expected = [OWN, GUIDES, CRITICAL];
  const missing = async () => expected.filter((line) => !alertmanager.printed().includes(line));
  const unheard = await eventually(missing, ({ length }) => length === 0);
  const seen = `${expected.length} alerts`;
  checks.report("Alertmanager sends warnings, criticals and what has no severity", unheard, seen);
}
