/** The silence rules over whole fleets, in promtool, for what a real Prometheus would need hours for. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Checks } from "../checks.ts";
import { runPromtool } from "../prometheus/prometheus-process.ts";
import { type FleetScenario, fleetScenarios } from "./fleet-scenarios.ts";
import { fleetSeries, SCRAPE_S } from "./fleets.ts";

const RULES = resolve("monitoring/rules/mcpg-alerts.yml");
const FIRING = 'alertname=~"MCPG(Instance|Fleet).*",alertstate="firing"';

export function checkFleets(checks: Checks, program: string, folder: string): void {
  const path = join(folder, "fleet.test.yml");
  for (const [index, scenario] of fleetScenarios().entries()) {
    // Every other one with labels as a job keeps them that has `honor_labels`. JSON is YAML.
    writeFileSync(path, JSON.stringify(ruleTest(scenario, index % 2 === 1)));
    const { status, lines } = runPromtool(["test", "rules", path], "", program);
    checks.report(scenario.name, status === 0 ? [] : [lines.join("\n")]);
  }
}

function ruleTest(scenario: FleetScenario, isHonoured: boolean) {
  const { name, minutes, alerts = {}, silentAt = {} } = scenario;
  const ever = `count by (alertname) (count_over_time(ALERTS{${FIRING}}[1d]))`;
  const silent = 'count(ALERTS{alertname="MCPGInstanceSilent",alertstate="firing"}) or vector(0)';
  const test = {
    name,
    interval: `${SCRAPE_S}s`,
    input_series: fleetSeries(scenario.gateways, minutes, isHonoured),
    promql_expr_test: [
      {
        expr: ever,
        eval_time: `${minutes}m`,
        exp_samples: Object.entries(alerts).map(([alertname, value]) => ({
          labels: `{alertname="${alertname}"}`,
          value,
        })),
      },
      ...Object.entries(silentAt).map(([at, value]) => ({
        expr: silent,
        eval_time: at,
        exp_samples: [{ labels: "{}", value }],
      })),
    ],
  };
  return { rule_files: [RULES], evaluation_interval: "1m", tests: [test] };
}
