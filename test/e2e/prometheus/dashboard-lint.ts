/** What Grafana would not say of a dashboard: it shows an empty panel, or the wrong one. Needs no Prometheus. */
import type { Checks } from "../checks.ts";
import { type Dashboard, type Panel, readDashboard } from "./dashboard.ts";

/** Units of Grafana's formats that our figures are in. */
const UNITS = ["none", "s", "reqps", "wps", "percentunit", "short"];
/** Grafana's own. */
const BUILT_IN = ["__rate_interval"];
const COLUMNS = 24;

export function lintDashboard(checks: Checks): void {
  const dashboard = readDashboard();
  const { panels, templating, annotations } = dashboard;
  checks.equal("dashboard: panels have ids of their own", repeated(panels.map(({ id }) => id)), []);
  const refIds = panels.flatMap(({ targets }) => repeated(targets.map(({ refId }) => refId)));
  checks.equal("dashboard: queries of a panel have names of their own", refIds, []);
  const sources = [...panels, ...panels.flatMap(({ targets }) => targets), ...annotations.list];
  const variables = templating.list.filter(({ type }) => type === "query");
  const uids = [...sources, ...variables].map(({ datasource }) => datasource?.uid);
  const fixed = uids.filter((uid) => !/^\$\{datasource\}$/.test(uid ?? ""));
  checks.equal("dashboard: all ask the data source that is chosen", fixed, []);
  const units = panels.map(({ fieldConfig }) => fieldConfig.defaults.unit);
  const unknown = units.filter((unit) => unit === undefined || !UNITS.includes(unit));
  checks.equal("dashboard: every panel has a unit that Grafana knows", unknown, []);
  checks.equal("dashboard: variables are those that there are, and each is used", used(dashboard), {
    undefined: [],
    unused: [],
  });
  checks.equal("dashboard: no panel lies on another, or beyond the edge", overlaps(panels), []);
  checks.equal(
    "dashboard: a query of classic buckets asks for native ones too",
    oneForm(panels),
    [],
  );
}

function repeated<Value>(values: readonly Value[]): Value[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}

function used(dashboard: Dashboard) {
  const { panels, templating } = dashboard;
  const defined = templating.list.map(({ name }) => name);
  const texts = [
    ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...templating.list.map(({ definition = "" }) => definition),
  ];
  const names = [...texts.join("\n").matchAll(/\$\{?([a-z_]\w*)/gi)].map(([, name = ""]) => name);
  return {
    undefined: [...new Set(names)].filter((name) => ![...defined, ...BUILT_IN].includes(name)),
    unused: defined.filter((name) => name !== "datasource" && !names.includes(name)),
  };
}

function overlaps(panels: readonly Panel[]): string[] {
  const taken = new Map<string, number>();
  return panels.flatMap(({ id, gridPos: { x, y, w, h } }) => {
    const cells = Array.from(
      { length: w * h },
      (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`,
    );
    const others = cells.flatMap((cell) => taken.get(cell) ?? []);
    for (const cell of cells) taken.set(cell, id);
    const beyond = x + w > COLUMNS ? [`${id} is beyond the edge`] : [];
    return [...beyond, ...new Set(others.map((other) => `${id} lies on ${other}`))];
  });
}

function oneForm(panels: readonly Panel[]): string[] {
  const exprs = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  return exprs.filter((expr) => {
    const families = [...expr.matchAll(/(\w+)_bucket\{/g)].map(([, family = ""]) => family);
    return families.some((family) => !expr.includes(`${family}{`));
  });
}
