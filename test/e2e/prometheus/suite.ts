/**
 * Real Prometheus 2.42 against the Worker: three of them scrape it, each in another format, while a
 * fleet reports; then PromQL has to agree with what was sent. Firing takes the alert's five minutes,
 * which promtool's rule tests pass by themselves: here it gets pending.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Runtime } from "../../harness/runtime.ts";
import { Checks, type Verdict } from "../checks.ts";
import { checkAlerts } from "./alert-checks.ts";
import { AlertmanagerProcess, isAlertmanagerMissing } from "./alertmanager-process.ts";
import { checkCounters, checkRates } from "./counter-checks.ts";
import { lintDashboard } from "./dashboard-lint.ts";
import { checkDelivery } from "./delivery-checks.ts";
import { checkExemplars } from "./exemplar-checks.ts";
import { checkFirstFailures } from "./first-failure-checks.ts";
import { FleetTraffic } from "./fleet-traffic.ts";
import { checkHistograms, checkQuantileRates } from "./histogram-checks.ts";
import { checkLabels } from "./label-checks.ts";
import { missingPrograms } from "./prometheus-process.ts";
import { checkPromtool } from "./promtool-checks.ts";
import { checkQueries } from "./query-checks.ts";
import { checkScrapes, waitForScrapes } from "./scrape-checks.ts";
import { writeRules } from "./scrape-config.ts";
import { FORMATS, type Scraper, startScrapers, stopScrapers } from "./scrapers.ts";
import type { SuiteContext } from "./suite-context.ts";

export const ORG = "acme";
export const OTHER_ORG = "stranger";

export async function runPrometheusSuite(): Promise<Verdict> {
  const checks = new Checks("prometheus");
  lintDashboard(checks);
  const { CI: ci } = process.env;
  const missing = [...missingPrograms(), ...(isAlertmanagerMissing() ? ["alertmanager"] : [])];
  if (missing.length === 0) await runIn(checks);
  else if (ci === "true") checks.report("Prometheus is installed", missing);
  else console.log(`SKIPPED THE PROMETHEUS SUITE: ${missing.join(" and ")} cannot be run here`);
  return checks.verdict;
}

/** All that the suite writes lies in one folder, which goes whatever ends the process. */
async function runIn(checks: Checks): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "mcpg-prometheus-"));
  // What was killed a moment ago may still be writing.
  const removeFolder = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.once("exit", removeFolder);
  try {
    await runWithWorker(checks, folder);
  } catch (error) {
    checks.report("the suite runs to its end", [String((error as Error).stack ?? error)]);
  } finally {
    process.off("exit", removeFolder);
    removeFolder();
  }
}

async function runWithWorker(checks: Checks, folder: string): Promise<void> {
  const runtime = await Runtime.start({ folder: join(folder, "worker") });
  const scrapers: Scraper[] = [];
  const traffic = new FleetTraffic(runtime, ORG);
  let alertmanager: AlertmanagerProcess | undefined;
  try {
    alertmanager = await AlertmanagerProcess.start(folder);
    const token = await makeScrapeToken(runtime);
    const rules = await writeRules(folder);
    console.log(`alert: ${rules.source}`);
    await traffic.sendFirst();
    // What the cron measures and signs is on the page too.
    await runtime.tick();
    const place = { folder, token, worker: runtime.url, org: ORG, otherOrg: OTHER_ORG };
    const { address } = alertmanager;
    const setup = { ...place, rulesPath: rules.path, formats: FORMATS, alertmanager: address };
    await startScrapers(setup, scrapers);
    await runChecks({ checks, runtime, org: ORG, token, traffic, scrapers }, alertmanager);
  } finally {
    await traffic.stop().catch(() => undefined);
    await stopScrapers(scrapers);
    alertmanager?.stop();
    await runtime.stop();
  }
}

export async function makeScrapeToken(runtime: Runtime): Promise<string> {
  await runtime.makeOrg(ORG);
  await runtime.makeOrg(OTHER_ORG);
  const wanted = { name: "prometheus", scopes: ["metrics:read"], actor: "service:prometheus" };
  const path = `/v1/orgs/${ORG}/service-tokens`;
  return (await runtime.json<{ token: string }>("POST", path, wanted)).token;
}

async function runChecks(context: SuiteContext, alertmanager: AlertmanagerProcess): Promise<void> {
  context.traffic.start();
  await waitForScrapes(context);
  await checkRates(context);
  await checkQuantileRates(context);
  await checkAlerts(context);
  await checkFirstFailures(context);
  await checkDelivery(context.checks, alertmanager);
  await checkQueries(context);
  await context.traffic.stop();
  await checkCounters(context);
  await checkHistograms(context);
  await checkExemplars(context);
  await checkLabels(context);
  await checkPromtool(context);
  await checkScrapes(context);
}
