/** The errors of a time, grouped by their messages' fingerprints. */
import { type ErrorGroups, findErrorGroups } from "#calls/store/samples/error-groups.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { countSamples, type RangedFilter, type SampleCoverage } from "./counted-samples.ts";

export function readErrorGroups(
  env: Env,
  org: Org,
  filter: RangedFilter,
  limit: number,
  isOver: () => boolean,
): Promise<ErrorGroups & SampleCoverage> {
  return countSamples(env, org, filter, isOver, (db) =>
    findErrorGroups(db, org.org, filter, limit),
  );
}
