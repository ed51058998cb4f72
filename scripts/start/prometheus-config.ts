import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { defaultPort, defaultStateDir, type Settings } from "./settings.ts";

const config = "monitoring/prometheus.yml";

/** The published configuration; for another port or state folder, a copy that points there. */
export function prometheusConfigPath({ port, stateDir }: Settings): string {
  if (port === defaultPort && stateDir === resolve(defaultStateDir)) return resolve(config);
  const path = join(stateDir, "prometheus.yml");
  const text = readFileSync(config, "utf8")
    .replace(`127.0.0.1:${defaultPort}`, `127.0.0.1:${port}`)
    .replace(`../${defaultStateDir}/`, `${stateDir}/`)
    .replace("- rules/", `- ${resolve("monitoring/rules")}/`);
  writeFileSync(path, text);
  return path;
}
