const firstMs = 100;
const maxMs = 10_000;
/** A run at least this long was a good one: what ends it belongs to no earlier row. */
const steadyMs = 30_000;

/** How many runs in a row were no good ones, the one that just ended included. */
export function failuresAfter(earlierFailures: number, servedMs: number): number {
  return servedMs >= steadyMs ? 1 : earlierFailures + 1;
}

/**
 * Twice as long after each failure, up to a limit and for ever; between half of that and all of it, so that
 * what failed together (two services, a client that retries) does not come back together. `random` is in [0, 1).
 */
export function restartDelayMs(failures: number, random: number): number {
  const longestMs = Math.min(maxMs, firstMs * 2 ** (failures - 1));
  return Math.round(longestMs * (0.5 + random / 2));
}
