/** Since when a counter counts, as scrapers are told: Prometheus 3 can then begin a new series at zero. */

/**
 * Told so much before the first report that is counted arrived, when the counter was at zero as well. Prometheus
 * dates a page by the scrape's start, and takes a later zero for a reset: a scrape counts what arrives while it
 * folds, which is 3 s at most, and 2 s are for the way and for clocks that differ.
 */
const LEAD_MS = 5_000;

/** Null where it is not known, or yet to come by this clock: one that was ahead then has come back. */
export function toldCreatedMs(createdMs: number | null, nowMs: number): number | null {
  if (createdMs === null || createdMs - LEAD_MS > nowMs) return null;
  return createdMs - LEAD_MS;
}
