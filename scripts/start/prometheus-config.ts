import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { defaultPort, defaultStateDir, type Settings } from "./settings.ts";

const config = "monitoring/prometheus.yml";
const rules = "monitoring/rules/mcpg-alerts.yml";

/** The published configuration; for another port or state folder, copies of it and of its rules that point there. */
export function prometheusConfigPath({ port, stateDir }: Settings): string {
  if (port === defaultPort && stateDir === resolve(defaultStateDir)) return resolve(config);
  const path = join(stateDir, "prometheus.yml");
  const rulesPath = join(stateDir, "mcpg-alerts.yml");
  const onPort = (text: string) => text.replaceAll(`127.0.0.1:${defaultPort}`, `127.0.0.1:${port}`);
  const text = onPort(readFileSync(config, "utf8"))
    .replaceAll(`../${defaultStateDir}/`, `${stateDir}/`)
    .replace("rules/mcpg-alerts.yml", rulesPath);
  writeFileSync(rulesPath, onPort(readFileSync(rules, "utf8")));
  writeFileSync(path, text);
  return path;
}
