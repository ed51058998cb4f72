/** The shipped alerts, read from their file line by line: Biome's kin keep one form of YAML. */
import { readFileSync } from "node:fs";

export const RULES_PATH = "monitoring/rules/mcpg-alerts.yml";

export interface AlertRule {
  name: string;
  severity?: string;
  runbookUrl?: string;
}

export function readAlertRules(): AlertRule[] {
  const rules: AlertRule[] = [];
  for (const line of readFileSync(RULES_PATH, "utf8").split("\n")) {
    const [, key, value = ""] = /^ +(?:- )?(alert|severity|runbook_url): (\S+)$/.exec(line) ?? [];
    const rule = rules.at(-1);
    if (key === "alert") rules.push({ name: value });
    else if (key === "severity" && rule !== undefined) rule.severity = value;
    else if (key === "runbook_url" && rule !== undefined) rule.runbookUrl = value;
  }
  return rules;
}
