/** Lives of gateways, as the page shows them scrape by scrape: what promtool's own notation is too short for. */

export interface Gateway {
  name: string;
  /** Minutes after the first scrape; before zero: it was there already. */
  firstMin: number;
  /** Its last report; Infinity: it goes on. */
  lastMin: number;
  /** Its last report says `final: true`, and takes it off the page. */
  hasGoodbye?: boolean;
}

export interface InputSeries {
  series: string;
  values: string;
}

export const SCRAPE_S = 30;
const REPORT_S = 20;
/** So long after its last report an instance stays on the page. */
const ON_PAGE_S = 86_400;

/** `instance` as Prometheus renames it, or as a job with `honor_labels` keeps it. */
export function fleetSeries(
  gateways: readonly Gateway[],
  minutes: number,
  isHonoured: boolean,
): InputSeries[] {
  const target = 'instance="127.0.0.1:8787",job="mcpg-fleet"';
  const names = [...new Set(gateways.map(({ name }) => name))];
  const page = { series: `mcpg_rollup_watermark_timestamp_seconds{org="default",${target}}` };
  return [
    { ...page, values: scrapes(minutes, (atS) => atS) },
    ...names.map((name) => {
      const labels = isHonoured
        ? `instance="${name}",job="mcpg-fleet"`
        : `exported_instance="${name}",${target}`;
      const lives = gateways.filter((gateway) => gateway.name === name);
      return {
        series: `mcpg_instance_last_report_timestamp_seconds{org="default",${labels}}`,
        values: scrapes(minutes, (atS) => lastReport(lives, atS)),
      };
    }),
  ];
}

/** What is off the page is marked stale by the first scrape without it. */
function scrapes(minutes: number, valueAt: (atS: number) => number | null): string {
  let wasThere = false;
  const values = Array.from({ length: (minutes * 60) / SCRAPE_S + 1 }, (_, scrape) => {
    const value = valueAt(scrape * SCRAPE_S);
    const text = value === null ? (wasThere ? "stale" : "_") : String(value);
    wasThere = value !== null;
    return text;
  });
  return values.join(" ");
}

/** Of the lives that one name has, the latest that began counts. */
function lastReport(lives: readonly Gateway[], atS: number): number | null {
  const begun = lives.filter(({ firstMin }) => firstMin * 60 <= atS);
  const life = begun.sort((a, b) => a.firstMin - b.firstMin).at(-1);
  if (life === undefined) return null;
  const lastS = life.lastMin * 60;
  if (atS - lastS >= ON_PAGE_S) return null;
  if (atS < lastS) return atS - ((atS - life.firstMin * 60) % REPORT_S);
  return life.hasGoodbye === true ? null : lastS;
}

/** `count` gateways, the nth of which begins and ends by the given functions. */
export function gateways(
  prefix: string,
  count: number,
  life: (index: number) => Omit<Gateway, "name">,
): Gateway[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `${prefix}-${index}`,
    ...life(index),
  }));
}

export interface Rollout {
  startMin: number;
  /** From the first gateway's replacement to the last one's. */
  takesMin: number;
  /** So long a new gateway reports beside the old one; below zero: so long neither does. */
  overlapMin: number;
  /** Whether the nth old one says goodbye. */
  saysGoodbye: (index: number) => boolean;
}

/** Old ones under `from`, new ones under `to`: twenty, which is what the guarantee speaks of. */
export function rollout(
  [from, to]: readonly [string, string],
  { startMin, takesMin, overlapMin, saysGoodbye }: Rollout,
  { oldFirstMin = -60, newLastMin = Number.POSITIVE_INFINITY, comingCount = FLEET } = {},
): Gateway[] {
  const replacedMin = (index: number) => startMin + (takesMin * index) / FLEET;
  return [
    ...gateways(from, FLEET, (index) => ({
      firstMin: oldFirstMin,
      lastMin: replacedMin(index),
      hasGoodbye: saysGoodbye(index),
    })),
    ...gateways(to, comingCount, (index) => ({
      firstMin: replacedMin(index) - overlapMin,
      lastMin: newLastMin,
    })),
  ];
}

export const FLEET = 20;
