/** How high a bar is: by doublings from 100 ms to ten minutes, for a minute's wait matters as much at either end. */
const LOW_MS = 100;
const HIGH_MS = 600_000;

/** 0 to 1; what is there is seen. */
export function lagHeight(ms: number): number {
  const share = Math.log(Math.max(ms, LOW_MS) / LOW_MS) / Math.log(HIGH_MS / LOW_MS);
  return Math.min(1, 0.08 + 0.92 * share);
}

/** Lines behind the bars, and what they stand for. */
export const LAG_LINES_MS: readonly number[] = [1_000, 10_000, 60_000, 600_000];
