/** What a scrape says of deletion: whether what has expired is kept for want of a clock to be trusted. */
import { labelSet, type MetricFamily } from "#formats/exposition/metric-family.ts";
import { selectShardClock, shardClockOf } from "#platform/jobs/shard-clock.ts";

export const DELETION_FAMILY_NAMES = ["mcpg_deletion_paused"] as const;

/** A source of figures (figure-sources.ts). */
export const deletionFigures = {
  familyNames: DELETION_FAMILY_NAMES,
  select: selectShardClock,
  families: (org: string, rows: readonly unknown[]): MetricFamily[] => {
    const clock = shardClockOf(rows);
    const labels = labelSet([["org", org]]);
    // Before the first tick nothing deletes, and nothing is known of a clock.
    const points = clock === null ? [] : [{ labels, value: clock.isSettled ? 0 : 1 }];
    const help =
      "1 while nothing is deleted, for the clock has jumped or stood still: an hour of ticks ends it";
    return [{ type: "gauge", name: DELETION_FAMILY_NAMES[0], help, points }];
  },
};
