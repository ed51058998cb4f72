/** A scenario's bill as a table: each part's use a call, then dollars a million calls; two of them beside each other. */
import { PARTS } from "../../harness/cost/parts.ts";
import { type Billed, usdPerMillionCalls } from "../../harness/cost/prices.ts";
import { type PartUse, type Played, usePerCall } from "../../harness/cost/use.ts";

/** `before`: of the other checkout, where one is compared with. */
export interface Compared {
  now: Played;
  before?: Played;
}

const COLUMNS: [kind: keyof PartUse, title: string][] = [
  ["rowsWritten", "rows written"],
  ["rowsRead", "rows read"],
  ["requests", "requests"],
  ["objectRequests", "object requests"],
];

const USD_TITLES: Record<Billed, string> = {
  rowsWritten: "rows written",
  rowsRead: "rows read",
  requests: "requests",
  cpuMs: "processor",
  objectRequests: "object requests",
  objectGbSeconds: "object time",
};

const NAME_WIDTH = 22;
const WIDTH = 11;

export function costTable(title: string, { now, before }: Compared): string {
  const runs = before === undefined ? [now] : [before, now];
  const isUsed = (part: (typeof PARTS)[number]) =>
    runs.some(({ parts }) => Object.values(parts[part]).some((use) => use > 0));
  const cells = (value: (run: Played) => number) => runs.map((run) => value(run));
  const line = (name: string, groups: readonly (readonly number[])[]) =>
    name.padEnd(NAME_WIDTH) + groups.map((group) => group.map(cell).join("")).join("  ");
  const perCall = (use: (run: Played) => PartUse) =>
    COLUMNS.map(([kind]) => cells((run) => use(run)[kind] / run.calls));
  const sums = runs.map(usePerCall);
  const dollars = sums.map(usdPerMillionCalls);
  const total = (usd: Record<Billed, number>) =>
    Object.values(usd).reduce((sum, one) => sum + one, 0);
  return [
    `${title}: ${runs.map(({ calls }) => calls.toLocaleString("en")).join(" and ")} calls`,
    heading(runs.length),
    ...PARTS.filter(isUsed).map((part) =>
      line(
        part,
        perCall(({ parts }) => parts[part]),
      ),
    ),
    line(
      "all",
      COLUMNS.map(([kind]) => sums.map((sum) => sum[kind])),
    ),
    ...(before === undefined ? [] : [ratios(sums)]),
    ...(now.events === undefined ? [] : [line("appended, an event", [runs.map(writtenPerEvent)])]),
    line("processor, µs", [sums.map(({ cpuMs }) => cpuMs * 1e3)]),
    "dollars a million calls",
    ...(Object.keys(USD_TITLES) as Billed[]).map((kind) =>
      line(`  ${USD_TITLES[kind]}`, [dollars.map((usd) => usd[kind])]),
    ),
    line("  all", [dollars.map(total)]),
  ].join("\n");
}

function heading(runs: number): string {
  const titles = COLUMNS.map(([, title]) => title.padStart(WIDTH * runs)).join("  ");
  const top = "a call".padEnd(NAME_WIDTH) + titles;
  if (runs === 1) return top;
  const pair = "before".padStart(WIDTH) + "now".padStart(WIDTH);
  return `${top}\n${"".padEnd(NAME_WIDTH)}${COLUMNS.map(() => pair).join("  ")}`;
}

/** Of what is now to what was before. */
function ratios(sums: readonly Record<Billed, number>[]): string {
  const [before, now] = sums;
  const shares = COLUMNS.map(([kind]) =>
    cell(now![kind] / before![kind]).padStart(WIDTH * sums.length),
  );
  return "  now to before".padEnd(NAME_WIDTH) + shares.join("  ");
}

/** Of the append itself. */
function writtenPerEvent({ parts, events = Number.NaN }: Played): number {
  return (parts["ledger: entries"].rowsWritten + parts["ledger: tree"].rowsWritten) / events;
}

function cell(value: number): string {
  if (Number.isNaN(value)) return "".padStart(WIDTH);
  const digits = value >= 100 ? 0 : value >= 1 ? 2 : 4;
  return value.toFixed(digits).padStart(WIDTH);
}
