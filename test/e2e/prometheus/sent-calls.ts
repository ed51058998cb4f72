/** What was sent and acknowledged: the truth that Prometheus has to agree with. */
import type { LoadSample } from "../../harness/load.ts";
import type { Tool } from "./tool-calls.ts";

const REPLAY = "idempotent_replay";

interface SentReport {
  sentAtMs: number;
  /** Infinity until the answer is there. */
  acknowledgedAtMs: number;
  samples: readonly LoadSample[];
}

export class SentCalls {
  readonly #reports: SentReport[] = [];

  /** Call before sending; the result is called once the answer came. */
  sending(samples: readonly LoadSample[]): () => void {
    const report = { sentAtMs: Date.now(), acknowledgedAtMs: Number.POSITIVE_INFINITY, samples };
    this.#reports.push(report);
    return () => {
      report.acknowledgedAtMs = Date.now();
    };
  }

  tools(): Tool[] {
    const tools = new Map<string, Tool>();
    for (const { workspace, plugin, tool } of this.#samples()) {
      tools.set(JSON.stringify([workspace, plugin, tool]), { workspace, plugin, tool });
    }
    return [...tools.values()];
  }

  /** A replay answered from a cache is no call. */
  calls(tool: Tool): number {
    return this.#calls(tool).length;
  }

  errors(tool: Tool): number {
    return this.#calls(tool).filter(({ outcome }) => outcome !== "ok").length;
  }

  outcomes(tool: Tool): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { outcome } of this.#samples().filter(isOf(tool))) {
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    }
    return counts;
  }

  sumSeconds(tool: Tool): number {
    const sumUs = this.#calls(tool).reduce(
      (sum, call) => sum + Math.round(call.duration_ms * 1e3),
      0,
    );
    return sumUs / 1e6;
  }

  /** The nearest-rank quantile of all calls. */
  quantileSeconds(tool: Tool, quantile: number): number {
    const sorted = this.#calls(tool)
      .map((call) => call.duration_ms / 1e3)
      .sort((a, b) => a - b);
    return sorted[Math.ceil(quantile * sorted.length) - 1] ?? Number.NaN;
  }

  /** By upper bound in seconds, as a classic histogram counts; labelled as Prometheus writes `le`. */
  cumulativeCounts(tool: Tool, bounds: readonly number[]): Record<string, number> {
    const calls = this.#calls(tool);
    const counts = bounds.map((bound) => [
      Number.isInteger(bound) ? `${bound}.0` : `${bound}`,
      calls.filter((call) => call.duration_ms <= bound * 1e3).length,
    ]);
    return { ...Object.fromEntries(counts), "+Inf": calls.length };
  }

  /** Least and most that a page may count whose scrape began and ended at these times. */
  bounds(tool: Tool, scrapeBeganMs: number, scrapeEndedMs: number): [least: number, most: number] {
    const least = this.#reports.filter((report) => report.acknowledgedAtMs <= scrapeBeganMs);
    const most = this.#reports.filter((report) => report.sentAtMs <= scrapeEndedMs);
    return [countCalls(least, tool), countCalls(most, tool)];
  }

  /** Calls a second that were acknowledged in a window that ends now. */
  rate(tool: Tool, windowMs: number): number {
    const sinceMs = Date.now() - windowMs;
    const recent = this.#reports.filter(
      ({ acknowledgedAtMs }) => acknowledgedAtMs >= sinceMs && acknowledgedAtMs <= Date.now(),
    );
    return countCalls(recent, tool) / (windowMs / 1e3);
  }

  #samples(): LoadSample[] {
    return this.#reports.flatMap(({ samples }) => samples);
  }

  #calls(tool: Tool): LoadSample[] {
    return this.#samples().filter(isOf(tool)).filter(isCall);
  }
}

function countCalls(reports: readonly SentReport[], tool: Tool): number {
  const isOfTool = isOf(tool);
  const counts = reports.map(
    ({ samples }) => samples.filter((sample) => isCall(sample) && isOfTool(sample)).length,
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

function isCall({ outcome }: LoadSample): boolean {
  return outcome !== REPLAY;
}

function isOf({ workspace, plugin, tool }: Tool): (sample: LoadSample) => boolean {
  return (sample) =>
    sample.tool === tool && sample.plugin === plugin && sample.workspace === workspace;
}
