import type { Runtime } from "../../harness/runtime.ts";
import type { Checks } from "../checks.ts";
import type { FleetTraffic } from "./fleet-traffic.ts";
import type { Scraper } from "./scrapers.ts";

/** What every group of checks is handed. */
export interface SuiteContext {
  checks: Checks;
  runtime: Runtime;
  org: string;
  token: string;
  traffic: FleetTraffic;
  scrapers: readonly Scraper[];
}
