/** A real Prometheus with the shipped rules scrapes the demo's org, and the shipped Alertmanager tells what fires. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AlertmanagerProcess } from "../prometheus/alertmanager-process.ts";
import { eventually } from "../prometheus/eventually.ts";
import { PrometheusProcess } from "../prometheus/prometheus-process.ts";
import { JOB, RULES_PATH, writeConfig } from "../prometheus/scrape-config.ts";
import { type DemoRun, ORG } from "./demo-run.ts";

/** Five failures of fifteen in a hundred calls, after scrapes each 2 s. */
const FIRED_MS_MAX = 120_000;
const ALERT =
  /firing MCPGToolFailures \(warning\): Calls of tickets\.close_ticket fail .*\n {2}(\S+)/;
const SHIPPED_BASE = "http://127.0.0.1:8787/orgs/";

export class Alerting {
  readonly #alertmanager: AlertmanagerProcess;
  readonly #prometheus: PrometheusProcess;

  private constructor(alertmanager: AlertmanagerProcess, prometheus: PrometheusProcess) {
    this.#alertmanager = alertmanager;
    this.#prometheus = prometheus;
  }

  /** The dashboard's base is put into the rules as monitoring/README.md says. */
  static async begin(run: DemoRun): Promise<Alerting> {
    const folder = join(run.folder, "prometheus");
    await mkdir(folder);
    const made = { name: "prometheus", scopes: ["metrics:read"], actor: "service:prometheus" };
    const tokenPath = join(folder, "token");
    await writeFile(tokenPath, await run.token(made), { mode: 0o600 });
    const rulesPath = join(folder, "rules.yml");
    await writeFile(rulesPath, await rulesOf(`${run.url}/orgs/`));
    const alertmanager = await AlertmanagerProcess.start(folder);
    const configPath = join(folder, "prometheus.yml");
    const job = { job: JOB, org: ORG, tokenPath, granularity: "hour" } as const;
    await writeConfig(configPath, {
      rulesPath,
      alertmanagers: [alertmanager.address],
      jobs: [{ ...job, address: new URL(run.url).host }],
    });
    const prometheus = await PrometheusProcess.start(configPath, join(folder, "data"), []);
    return new Alerting(alertmanager, prometheus);
  }

  /** What the one on call is sent. */
  async link(): Promise<string> {
    const told = async () => ALERT.exec(this.#alertmanager.printed().join("\n"))?.[1];
    const link = await eventually(told, (found) => found !== undefined, FIRED_MS_MAX);
    if (link === undefined) throw new Error(`no alert: ${this.#alertmanager.printed().join("\n")}`);
    return link;
  }

  async end(): Promise<void> {
    await this.#prometheus.stop();
    this.#alertmanager.stop();
  }
}

async function rulesOf(base: string): Promise<string> {
  const shipped = await readFile(RULES_PATH, "utf8");
  return shipped.replaceAll(SHIPPED_BASE, base);
}
