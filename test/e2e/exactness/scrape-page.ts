/** A page of the Prometheus endpoint, by sample, and what must hold within any one page. */
import { readPage, type Sample } from "../../formats/exposition/read-page.ts";
import { OUTCOMES, seriesKey } from "./truth.ts";

/** Everything on the page that may only grow. */
const CUMULATIVE =
  /^mcpg_(tool_(calls|errors|invocations)_total|(tool_duration|ingest_lag)_seconds_(bucket|sum|count)|instance_dropped_samples_total)$/;

export class ScrapePage {
  readonly #values = new Map<string, number>();
  readonly cumulative = new Map<string, number>();
  readonly series: [workspace: string, plugin: string, tool: string][] = [];
  readonly org: string;

  constructor(org: string, body: Buffer) {
    this.org = org;
    for (const sample of readPage([body]).samples) this.#add(sample);
  }

  /** Undefined when the page has no such sample. */
  value(name: string, labels: Record<string, string>): number | undefined {
    return this.#values.get(keyOf(name, Object.entries({ org: this.org, ...labels })));
  }

  /** When the oldest arrival not counted here was received; the scrape's own time when all are. */
  get watermarkMs(): number {
    return Math.round((this.value("mcpg_rollup_watermark_timestamp_seconds", {}) ?? 0) * 1e3);
  }

  sumOf(name: string): number {
    let sum = 0;
    for (const [key, value] of this.#values) if (key.startsWith(`${name} `)) sum += value;
    return sum;
  }

  #add({ name, labels, value }: Sample): void {
    const key = keyOf(name, labels);
    this.#values.set(key, Number(value));
    if (CUMULATIVE.test(name)) this.cumulative.set(key, Number(value));
    if (name !== "mcpg_tool_calls_total") return;
    const label = Object.fromEntries(labels);
    const { workspace = "", plugin = "", tool = "" } = label;
    this.series.push([workspace, plugin, tool]);
  }
}

function keyOf(name: string, labels: Iterable<readonly [string, string]>): string {
  const sorted = [...labels].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${name} ${JSON.stringify(sorted)}`;
}

/** Calls, errors, outcomes and the histogram of each series against each other. */
export function findContradictions(page: ScrapePage): string[] {
  return page.series.flatMap(([workspace, plugin, tool]) => {
    const labels = { workspace, plugin, tool };
    const calls = page.value("mcpg_tool_calls_total", labels);
    const errors = page.value("mcpg_tool_errors_total", labels);
    const count = page.value("mcpg_tool_duration_seconds_count", labels);
    const infinite = page.value("mcpg_tool_duration_seconds_bucket", { ...labels, le: "+Inf" });
    const [ok = Number.NaN, ...others] = OUTCOMES.map((outcome) =>
      page.value("mcpg_tool_invocations_total", { ...labels, outcome }),
    ).map((value) => value ?? Number.NaN);
    const failed = others.slice(0, -1).reduce((sum, value) => sum + value, 0);
    const agrees =
      calls === count && calls === infinite && errors === failed && calls === ok + failed;
    if (agrees) return [];
    return [
      `${seriesKey(workspace, plugin, tool)}: calls ${calls}, errors ${errors}, histogram count ${count}, +Inf ${infinite}, outcomes ${[ok, ...others]}`,
    ];
  });
}
