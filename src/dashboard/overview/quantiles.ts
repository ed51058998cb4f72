/**
 * Quantiles of a whole range, of the cells of its heat map: the nearest rank, at its part of the half-octave, as the
 * API has those of each step. They are off by less than a factor of 1.42.
 */
import type { LatencyCells } from "./overview-answers.ts";

/** It holds what lies at or below 2^-20 s. */
const FIRST_BUCKET = -41;

/** Milliseconds; null without calls. */
export function quantileMs(cells: LatencyCells["cells"], quantile: number): number | null {
  const counts = new Map<number, number>();
  let total = 0;
  for (const [, bucket, calls] of cells) {
    counts.set(bucket, (counts.get(bucket) ?? 0) + calls);
    total += calls;
  }
  const rank = Math.max(1, Math.ceil(quantile * total));
  let below = 0;
  for (const [bucket, count] of [...counts].sort(([a], [b]) => a - b)) {
    if (below + count >= rank) return placeMs(bucket, (rank - below - 0.5) / count);
    below += count;
  }
  return null;
}

function placeMs(bucket: number, part: number): number {
  if (bucket <= FIRST_BUCKET) return 0;
  return 1000 * 2 ** ((bucket + part) / 2);
}
