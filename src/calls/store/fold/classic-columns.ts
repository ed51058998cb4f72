/**
 * The columns of `series` that hold classic buckets, so that text formats need no JSON parsing. `le_0` and
 * `le_15` count all up to 2^-8 s and all above 2^6 s, as they did when these were the ends of the bounds;
 * `le_low_…` and `le_high_…` count what of that lies within the bounds beyond. So a Worker from before these
 * were there counts nothing wrong: what it counted while the database had them already is in the wider bucket.
 */
import { CLASSIC_BOUNDS_SECONDS, CLASSIC_BUCKETS } from "#formats/exponential-histogram.ts";

const MIDDLE = Array.from({ length: 16 }, (_, index) => `le_${index}`);
/** Places among the classic buckets: where `le_0` ends, and where `le_15` begins. */
const FIRST = CLASSIC_BOUNDS_SECONDS.indexOf(2 ** -8);
const LAST = CLASSIC_BOUNDS_SECONDS.indexOf(2 ** 6) + 1;

const LOW = Array.from({ length: FIRST }, (_, index) => `le_low_${index}`);
const HIGH = Array.from({ length: CLASSIC_BUCKETS - 1 - LAST }, (_, index) => `le_high_${index}`);

export const CLASSIC_COLUMNS: readonly string[] = [...MIDDLE, ...LOW, ...HIGH];

/** What is to be added to CLASSIC_COLUMNS, by counts at the classic bounds that are not cumulative. */
export function classicValues(counts: readonly number[]): number[] {
  const sum = (from: number, to: number) =>
    counts.slice(from, to).reduce((total, count) => total + count, 0);
  return [
    sum(0, FIRST + 1),
    ...counts.slice(FIRST + 1, LAST),
    sum(LAST, CLASSIC_BUCKETS),
    ...counts.slice(0, FIRST),
    ...counts.slice(LAST, CLASSIC_BUCKETS - 1),
  ];
}

/**
 * The counts at the classic bounds, not cumulative, as one JSON array: a column each would cost a scrape a
 * member each in every row. It has fewer elements than the 32 arguments that D1 lets a function have.
 */
export const CLASSIC_COUNTS = `json_array(${[
  ...LOW,
  ["le_0", ...LOW].join(" - "),
  ...MIDDLE.slice(1, -1),
  ...HIGH,
  ["le_15", ...HIGH].join(" - "),
].join(", ")})`;
