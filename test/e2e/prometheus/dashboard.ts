/** The shipped dashboard, and its queries as they reach Prometheus: everything chosen, Grafana's variables put in. */
import { readFileSync } from "node:fs";

const PATH = "monitoring/grafana/mcpg-fleet.json";

/** Ten scrapes of this suite: Grafana makes it four of the scrape's interval or more. */
const RATE_INTERVAL = "20s";

interface Asking {
  datasource?: { uid: string };
}

export interface Panel extends Asking {
  id: number;
  title: string;
  targets: (Asking & { refId: string; expr: string; exemplar?: boolean })[];
  fieldConfig: { defaults: { unit?: string } };
  gridPos: { x: number; y: number; w: number; h: number };
}

export interface Dashboard {
  panels: Panel[];
  templating: { list: (Asking & { type: string; name: string; definition?: string })[] };
  annotations: { list: Asking[] };
}

export interface PanelQuery {
  name: string;
  expr: string;
  hasExemplars: boolean;
}

export function readDashboard(): Dashboard {
  return JSON.parse(readFileSync(PATH, "utf8")) as Dashboard;
}

export function dashboardQueries(): PanelQuery[] {
  return readDashboard().panels.flatMap(({ id, title, targets }) =>
    targets.map(({ refId, expr, exemplar = false }) => ({
      name: `${id} ${title} ${refId}`,
      expr: substituted(expr),
      hasExemplars: exemplar,
    })),
  );
}

/** A variable that lets all through is a regular expression; what is not known here stays, and does not parse. */
function substituted(expr: string): string {
  return expr
    .replaceAll("$__rate_interval", RATE_INTERVAL)
    .replaceAll(/"\$(org|workspace|plugin|tool)"/g, '".*"');
}
