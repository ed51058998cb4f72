/** Who calls most, or what fails most, where no rollup knows: counted of the newest samples. */
import {
  findTopOfSamples,
  type SampleTopQuery,
  type TopOfSamples,
} from "#calls/store/samples/top-of-samples.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { countedCalls, countSamples, type SampleCoverage } from "./counted-samples.ts";

export function readTopOfSamples(
  env: Env,
  org: Org,
  query: SampleTopQuery,
  isOver: () => boolean,
): Promise<TopOfSamples & SampleCoverage> {
  const filter = countedCalls(query.filter);
  return countSamples(env, org, filter, isOver, (db) =>
    findTopOfSamples(db, org.org, { ...query, filter }),
  );
}
