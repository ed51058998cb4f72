/** The configuration each Prometheus runs with, written where only this run looks. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** As in monitoring/prometheus.yml: the shipped alerts look for it, and not for the others. */
export const JOB = "mcpg-fleet";
export const WRONG_TOKEN_JOB = "wrong-token";
export const OTHER_ORG_JOB = "other-org";
export const DAY_JOB = "granularity-day";

/** Fills a window of 20 s with ten samples; half of it is left for the Worker to fold in. */
const SCRAPE_INTERVAL = "2s";
export const EVALUATION_INTERVAL_S = 1;

export const RULES_PATH = "monitoring/rules/mcpg-alerts.yml";

/** The alert as the published guide has it, for a tree without rules of its own. */
const GUIDE_RULES = `groups:
  - name: mcpg
    rules:
      - alert: MCPGToolErrorRate
        expr: rate(mcpg_tool_errors_total[5m]) / rate(mcpg_tool_calls_total[5m]) > 0.05
        for: 5m
`;

/** Group intervals are left out: a minute between two evaluations is this whole run. */
export async function writeRules(folder: string): Promise<{ path: string; source: string }> {
  const shipped = await readFile(RULES_PATH, "utf8").catch(() => undefined);
  const path = join(folder, "rules.yml");
  await writeFile(path, (shipped ?? GUIDE_RULES).replaceAll(/^ +interval:.*\n/gm, ""));
  return { path, source: shipped === undefined ? "the guide's rule" : RULES_PATH };
}

export interface ScrapeJob {
  job: string;
  org: string;
  address: string;
  tokenPath: string;
  granularity: "hour" | "day";
  scrapeConfig?: Record<string, unknown>;
}

interface Configuration {
  rulesPath: string;
  /** Host and port of each. */
  alertmanagers: readonly string[];
  jobs: readonly ScrapeJob[];
}

/** JSON is YAML. */
export async function writeConfig(
  path: string,
  { rulesPath, alertmanagers, jobs }: Configuration,
): Promise<void> {
  const config = {
    global: {
      scrape_interval: SCRAPE_INTERVAL,
      scrape_timeout: SCRAPE_INTERVAL,
      evaluation_interval: `${EVALUATION_INTERVAL_S}s`,
    },
    alerting: { alertmanagers: [{ static_configs: [{ targets: alertmanagers }] }] },
    rule_files: [rulesPath],
    scrape_configs: jobs.map(({ job, org, address, tokenPath, granularity, scrapeConfig }) => ({
      job_name: job,
      metrics_path: `/v1/orgs/${org}/metrics`,
      params: { granularity: [granularity] },
      authorization: { credentials_file: tokenPath },
      static_configs: [{ targets: [address] }],
      ...scrapeConfig,
    })),
  };
  await writeFile(path, JSON.stringify(config, null, 2));
}
