/** The shipped alerts, read from their file line by line: Biome's kin keep one form of YAML. */
import { readFileSync } from "node:fs";

export const RULES_PATH = "monitoring/rules/mcpg-alerts.yml";

export interface AlertRule {
  name: string;
  severity?: string;
  runbookUrl?: string;
  /** As it is written, with what Prometheus puts in. */
  dashboard?: string;
}

const MEMBERS = {
  severity: "severity",
  runbook_url: "runbookUrl",
  dashboard: "dashboard",
} as const;

export function readAlertRules(): AlertRule[] {
  const rules: AlertRule[] = [];
  for (const line of readFileSync(RULES_PATH, "utf8").split("\n")) {
    const [, key = "", value = ""] = /^ +(?:- )?(\w+): (\S+|"[^"]+"|'[^']+')$/.exec(line) ?? [];
    const member = MEMBERS[key as keyof typeof MEMBERS];
    const rule = rules.at(-1);
    if (key === "alert") rules.push({ name: value });
    else if (member !== undefined && rule !== undefined) rule[member] = value;
  }
  return rules;
}
