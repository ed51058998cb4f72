/** What Prometheus' own linter says of the page, the rules and the configuration. */
import { runPromtool } from "./prometheus-process.ts";
import type { SuiteContext } from "./suite-context.ts";

/** The guide's gauge keeps its published name and label, which the linter holds against it. */
const KNOWN_LINTS = [
  "mcpg_tool_latency_ms metric names should not contain abbreviated units",
  'mcpg_tool_latency_ms non-summary metrics should not have "quantile" label',
];
/** promtool's exit status for lints alone; 1 would be a page that does not parse. */
const LINTED = 3;

export async function checkPromtool(context: SuiteContext): Promise<void> {
  const { checks, runtime, org, token } = context;
  const headers = {
    accept: "text/plain;version=0.0.4",
    "accept-encoding": "identity",
    authorization: `Bearer ${token}`,
  };
  const path = `/v1/orgs/${org}/metrics`;
  const { body } = await runtime.send("GET", path, { headers });
  const { status, lines } = runPromtool(["check", "metrics"], body.toString());
  const lints = [...new Set(lines)].sort();
  checks.equal(
    "promtool check metrics: only the guide's gauge is held against us",
    lints,
    KNOWN_LINTS,
  );
  checks.equal("promtool check metrics: the page parses", status, LINTED);
  const families = "name[]=mcpg_tool_calls_total&name[]=mcpg_tool_duration_seconds";
  const clean = await runtime.send("GET", `${path}?${families}`, { headers });
  const cleanResult = runPromtool(["check", "metrics"], clean.body.toString());
  checks.equal("promtool check metrics: clean without that gauge", cleanResult, {
    status: 0,
    lines: [],
  });
  for (const { format, configPath } of context.scrapers) {
    const { status: configStatus } = runPromtool(["check", "config", configPath]);
    checks.equal(`${format.name}: promtool check config, rules included`, configStatus, 0);
  }
}
