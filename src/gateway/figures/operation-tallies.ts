/** Operations that wait to be added to the store, summed by their labels: memory grows with these alone. */
import { OTHER } from "#calls/series.ts";
import { DAY_MS } from "#platform/time.ts";
import { labelsOf, type Operation, type OperationLabels } from "./operation.ts";
import { OPERATION_BUCKETS, operationBucket } from "./operation-bounds.ts";

/** Label sets that wait in an isolate; each takes about 1 KB. What is beyond them is counted as its org's others. */
const WAITING_MAX = 2_048;

/** What a label set is counted under where there is no room for it: the org's own, or that of all orgs. */
export const OTHER_LABELS: OperationLabels = [OTHER, OTHER, OTHER, "", OTHER, "", ""];

interface OperationTally {
  readonly org: string;
  readonly generation: number;
  readonly labels: OperationLabels;
  firstMs: number;
  lastMs: number;
  sumUs: number;
  readonly counts: number[];
}

export class OperationTallies {
  readonly #tallies = new Map<string, OperationTally>();

  get size(): number {
    return this.#tallies.size;
  }

  add(operation: Operation): void {
    const durationUs = microseconds(operation.durationMs);
    const tally = this.#tallyOf(operation);
    const bucket = operationBucket(durationUs);
    tally.firstMs = Math.min(tally.firstMs, operation.atMs);
    tally.lastMs = Math.max(tally.lastMs, operation.atMs);
    tally.sumUs += durationUs;
    tally.counts[bucket] = (tally.counts[bucket] ?? 0) + 1;
  }

  /** Takes out the first of them, as the rows that the store adds (store/operation-rows.ts). */
  takeRows(rowsMax: number): string[] {
    const rows: string[] = [];
    for (const [key, tally] of this.#tallies) {
      if (rows.length >= rowsMax) break;
      const { org, generation, labels, firstMs, lastMs, sumUs, counts } = tally;
      rows.push(JSON.stringify([org, generation, ...labels, firstMs, lastMs, sumUs, ...counts]));
      this.#tallies.delete(key);
    }
    return rows;
  }

  #tallyOf(operation: Operation): OperationTally {
    const labels = labelsOf(operation);
    const known = this.#tallies.get(keyOf(operation, labels));
    if (known !== undefined) return known;
    if (this.#tallies.size < WAITING_MAX) return this.#newTally(operation, labels);
    const other = this.#tallies.get(keyOf(operation, OTHER_LABELS));
    return other ?? this.#newTally(operation, OTHER_LABELS);
  }

  #newTally(operation: Operation, labels: OperationLabels): OperationTally {
    const { org, generation } = operation.org;
    const tally: OperationTally = {
      org,
      generation,
      labels,
      firstMs: operation.atMs,
      lastMs: operation.atMs,
      sumUs: 0,
      counts: new Array<number>(OPERATION_BUCKETS).fill(0),
    };
    this.#tallies.set(keyOf(operation, labels), tally);
    return tally;
  }
}

function keyOf({ org: { org, generation } }: Operation, labels: OperationLabels): string {
  return [org, generation, ...labels].join("\0");
}

/** A clock that is set while an operation runs gives durations that are none. */
function microseconds(durationMs: number): number {
  const boundedMs = Math.min(Math.max(durationMs, 0), DAY_MS);
  return Number.isFinite(boundedMs) ? Math.round(boundedMs * 1_000) : 0;
}
