/** Prometheus processes, each taking another format of the same Worker through a logging proxy. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LoggingProxy } from "./logging-proxy.ts";
import type { PrometheusApi } from "./prometheus-api.ts";
import { PrometheusProcess } from "./prometheus-process.ts";
import {
  DAY_JOB,
  JOB,
  OTHER_ORG_JOB,
  type ScrapeJob,
  WRONG_TOKEN_JOB,
  writeConfig,
} from "./scrape-config.ts";

export interface Format {
  name: string;
  contentType: string;
  /** How the scraper's own Accept begins. */
  asks: string;
  /** What the proxy asks instead. */
  rewrittenAccept?: string;
  features: string[];
  /** What its scrape job says besides, in a Prometheus that knows it. */
  scrapeConfig?: Record<string, unknown>;
}

/** Of Prometheus 2.42. */
export const FORMATS: readonly Format[] = [
  {
    name: "OpenMetrics",
    contentType: "application/openmetrics-text; version=1.0.0; charset=utf-8",
    asks: "application/openmetrics-text;version=1.0.0",
    features: ["exemplar-storage"],
  },
  {
    name: "protobuf",
    contentType:
      "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
    asks: "application/vnd.google.protobuf",
    features: ["native-histograms", "exemplar-storage"],
  },
  {
    name: "text",
    contentType: "text/plain; version=0.0.4; charset=utf-8",
    asks: "application/openmetrics-text;version=1.0.0",
    rewrittenAccept: "text/plain;version=0.0.4",
    features: ["exemplar-storage"],
  },
];

export interface Scraper {
  format: Format;
  api: PrometheusApi;
  proxy: LoggingProxy;
  prometheus: PrometheusProcess;
  configPath: string;
}

export interface ScrapeSetup {
  folder: string;
  rulesPath: string;
  /** Where the Worker serves. */
  worker: string;
  org: string;
  otherOrg: string;
  token: string;
  formats: readonly Format[];
  /** Default: the one on the path. */
  program?: string;
  /** Host and port of an Alertmanager that the first of them tells. */
  alertmanager?: string;
}

/** Added to as they start, so that the caller can stop those that did when one does not. */
export async function startScrapers(setup: ScrapeSetup, scrapers: Scraper[]): Promise<void> {
  const tokenPath = join(setup.folder, "token");
  const wrongTokenPath = join(setup.folder, "wrong-token");
  await writeFile(tokenPath, setup.token, { mode: 0o600 });
  await writeFile(wrongTokenPath, wrongToken(setup.token), { mode: 0o600 });
  for (const [index, format] of setup.formats.entries()) {
    const proxy = await LoggingProxy.start(setup.worker, format.rewrittenAccept);
    const configPath = join(setup.folder, `${format.name}.yml`);
    const { org } = setup;
    const main: ScrapeJob = {
      job: JOB,
      org,
      address: proxy.address,
      tokenPath,
      granularity: "hour",
      ...(format.scrapeConfig !== undefined && { scrapeConfig: format.scrapeConfig }),
    };
    const direct = { ...main, address: new URL(setup.worker).host };
    const sideJobs: ScrapeJob[] = [
      { ...direct, job: DAY_JOB, granularity: "day" },
      { ...direct, job: WRONG_TOKEN_JOB, tokenPath: wrongTokenPath },
      { ...direct, job: OTHER_ORG_JOB, org: setup.otherOrg },
    ];
    const jobs = format.name === "OpenMetrics" ? [main, ...sideJobs] : [main];
    const told = index === 0 && setup.alertmanager !== undefined ? [setup.alertmanager] : [];
    await writeConfig(configPath, { rulesPath: setup.rulesPath, alertmanagers: told, jobs });
    const dataFolder = join(setup.folder, `${format.name}-data`);
    const started = PrometheusProcess.start(configPath, dataFolder, format.features, setup.program);
    const prometheus = await started.catch((error: unknown) => {
      proxy.stop();
      throw error;
    });
    scrapers.push({ format, proxy, prometheus, api: prometheus.api, configPath });
  }
}

export async function stopScrapers(scrapers: readonly Scraper[]): Promise<void> {
  await Promise.all(scrapers.map(({ prometheus }) => prometheus.stop()));
  for (const { proxy } of scrapers) proxy.stop();
}

/** As long and of the same letters, so that only the secret is wrong. */
function wrongToken(token: string): string {
  const middle = Math.floor(token.length / 2);
  const swapped = token[middle] === "A" ? "B" : "A";
  return `${token.slice(0, middle)}${swapped}${token.slice(middle + 1)}`;
}
