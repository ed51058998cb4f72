/** That whoever is told of an alert finds what to do about it. */
import { readFileSync } from "node:fs";
import type { Checks } from "../checks.ts";
import { RULES_PATH, readAlertRules } from "./alert-rules.ts";

const RUNBOOKS = "monitoring/runbooks.md";
const PARTS = ["Meaning", "Impact", "Diagnosis", "Mitigation"];

/** Beside `npm start`; what comes after the page are its filters. */
const DASHBOARD =
  /^["']http:\/\/127\.0\.0\.1:8787\/orgs\/\{\{ urlquery \$labels\.org \}\}\/(activity|lag|audit)[?"']/;
/** These are not about what a page of an org shows. */
const WITHOUT_PAGE = /^MCPG(ToolErrorRate|ScrapeDown|Shard\w+|DeletionPaused|Gateway\w+)$/;

/** The published guide's rule, which stays as it is and so has no annotation of ours. */
const GUIDE_ALERT = "MCPGToolErrorRate";
const GUIDE_RULE = `      - alert: MCPGToolErrorRate
        expr: |
          sum(rate(mcpg_tool_errors_total[5m])) by (plugin, tool)
          / sum(rate(mcpg_tool_calls_total[5m])) by (plugin, tool)
          > 0.05
        for: 5m
        annotations:
          summary: "High error rate on {{ $labels.plugin }}.{{ $labels.tool }}"

`;

export function checkRunbooks(checks: Checks): void {
  const rules = readAlertRules();
  const [, ...sections] = readFileSync(RUNBOOKS, "utf8").split(/^## /m);
  const headings = sections.map((section) => section.slice(0, section.indexOf("\n")));
  const names = rules.map(({ name }) => name);
  checks.equal("every alert has its runbook, and every runbook its alert", headings, names);
  const linked = rules.filter(({ name }) => name !== GUIDE_ALERT);
  checks.report(
    "every alert but the guide's names its runbook's place",
    linked
      .filter(({ name, runbookUrl }) => runbookUrl !== `${RUNBOOKS}#${name.toLowerCase()}`)
      .map(({ name, runbookUrl }) => `${name}: ${runbookUrl}`),
    `${linked.length} alerts`,
  );
  const shown = rules.filter(({ name }) => !WITHOUT_PAGE.test(name));
  checks.report(
    "an alert about an org's calls, gateways or log leads to the page that shows it",
    shown
      .filter(({ dashboard = "" }) => !DASHBOARD.test(dashboard))
      .map(({ name, dashboard }) => `${name}: ${dashboard}`),
    `${shown.length} alerts`,
  );
  checks.report(
    "every alert but the guide's has a severity",
    linked.filter(({ severity }) => severity === undefined).map(({ name }) => name),
  );
  checks.report(
    "every runbook tells meaning, impact, diagnosis and mitigation",
    sections
      .filter((section) => !PARTS.every((part) => section.includes(`- **${part}.** `)))
      .map((section) => section.slice(0, section.indexOf("\n"))),
  );
  const isVerbatim = readFileSync(RULES_PATH, "utf8").includes(GUIDE_RULE);
  checks.equal(`${GUIDE_ALERT} is the guide's, word for word`, isVerbatim, true);
}
