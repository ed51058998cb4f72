/** A column of counts as segments of whole pixels, one upon the other, a pixel of ground between two. */
export interface StackedSegment {
  /** A place in the counts. */
  readonly series: number;
  /** From the baseline up to its lower edge. */
  readonly base: number;
  readonly height: number;
}

export const GAP_PX = 1;

/** One failure among ten thousand calls is still seen, and can be clicked. */
const HEIGHT_MIN_PX = 2;

/**
 * Heights in proportion, by the greatest remainder, but none under two pixels where there is one call at all:
 * what they take more, the greatest gives. A column of many small counts may so be a few pixels too tall.
 */
export function stackedSegments(
  counts: readonly number[],
  top: number,
  plotHeight: number,
): StackedSegment[] {
  const present = counts.flatMap((count, series) => (count > 0 ? [{ series, count }] : []));
  if (present.length === 0 || !(top > 0)) return [];
  const total = present.reduce((sum, { count }) => sum + count, 0);
  const gaps = (present.length - 1) * GAP_PX;
  const wanted = Math.round((total / top) * plotHeight) - gaps;
  const heights = shareOut(
    present.map(({ count }) => count / total),
    Math.max(wanted, present.length * HEIGHT_MIN_PX),
  );
  let base = 0;
  return present.map(({ series }, index) => {
    const segment = { series, base, height: heights[index]! };
    base += segment.height + GAP_PX;
    return segment;
  });
}

/** Whole numbers that add up to `pixels`, as near to the shares as the least height lets them. */
function shareOut(shares: readonly number[], pixels: number): number[] {
  const heights = shares.map((share) => Math.max(HEIGHT_MIN_PX, Math.floor(share * pixels)));
  let left = pixels - heights.reduce((sum, height) => sum + height, 0);
  while (left !== 0) {
    const step = Math.sign(left);
    const place = neediest(shares, heights, pixels, step);
    heights[place] = heights[place]! + step;
    left -= step;
  }
  return heights;
}

/** Which is furthest below its share, or above it where some is to be taken away. */
function neediest(
  shares: readonly number[],
  heights: readonly number[],
  pixels: number,
  step: number,
): number {
  let best = -1;
  let bestWant = -Infinity;
  for (const [place, share] of shares.entries()) {
    const want = (share * pixels - heights[place]!) * step;
    const mayChange = step > 0 || heights[place]! > HEIGHT_MIN_PX;
    if (mayChange && want > bestWant) {
      best = place;
      bestWant = want;
    }
  }
  return best;
}
