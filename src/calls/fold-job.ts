/**
 * Folds what arrived, where it is much or old, and merges small arrivals where it is not: readers add the rest to what is
 * stored. So a tool's rows are written once for many of its calls, whoever reads how often.
 */

import { foldedOrg } from "#calls/figures/read-figures.ts";
import { isFoldDue, outlineBacklog } from "#calls/store/fold/backlog.ts";
import { foldOnce } from "#calls/store/fold/fold.ts";
import type { FoldedOrg } from "#calls/store/fold/fold-series.ts";
import { MERGED_MIN, mergeSmall } from "#calls/store/fold/merge-small.ts";
import { findOrgsWithArrivals } from "#calls/store/fold/unfolded-orgs.ts";
import { findOrgsNamed } from "#orgs/store/orgs.ts";
import type { Job } from "#platform/jobs/job.ts";
import { shardDatabase } from "#platform/shards.ts";

/** An org that the directory does not know has no generation that its shard would fold for. */
const UNKNOWN = { generation: 0, seriesMax: 0, seriesLabelBytesMax: 0 };

/**
 * The most queries that a chunk sends, with the look for more: the longest names of 1,000 series go in
 * several parameters, each in a statement of its own; those that only failed are looked up once more. Six read and
 * write a chunk's rows of activity and its plugins, twice that where they are large; two its minutes of lag; and where
 * something is counted elsewhere, fourteen tell the samples so.
 */
export const FOLD_QUERIES = 52;

export const foldJob: Job<FoldedOrg> = {
  name: "fold",
  share: 0.25,
  // An org with a report a minute takes 22: a run ends with what it has sent.
  queries: FOLD_QUERIES,
  itemsPerRun: 40,
  // Half of a step is waiting for the database; each holds 6 MB of arrivals at most.
  atOnce: 2,
  // For the rest of the minute the database is there for requests and for other jobs.
  msMax: 20_000,
  async list({ env, shard }, after, limit) {
    const names = await findOrgsWithArrivals(shardDatabase(env, shard), after, limit);
    if (names.length === 0) return [];
    const orgs = await findOrgsNamed(env.DIRECTORY, names);
    const known = new Map(orgs.map((one) => [one.org, one]));
    return names.map((org) => {
      const found = known.get(org);
      return found === undefined ? { org, ...UNKNOWN } : foldedOrg(found);
    });
  },
  placeOf: ({ org }) => org,
  subjectOf: ({ org }) => org,
  async step({ env, shard }, org) {
    const db = shardDatabase(env, shard);
    const outline = await outlineBacklog(db, org.org);
    if (outline === null) return "done";
    const isDue = isFoldDue(outline, Date.now());
    if (!isDue && outline.small < MERGED_MIN) return "done";
    // What is merged is small no more, most times: another run of neighbours may be long enough.
    if (!isDue) return (await mergeSmall(db, org)) === "few" ? "done" : "more";
    const result = await foldOnce(db, org, Date.now());
    return result === "folded" || result === "contended" ? "more" : "done";
  },
};
