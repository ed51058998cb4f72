/** What each tick sends of orgs' streams to their receivers. Orgs that have none cost nothing. */

import { countStreamTargets, findStreamTargets } from "#delivery/store/stream-targets.ts";
import type { Env } from "#platform/env.ts";
import type { TickShare } from "#platform/jobs/tick-share.ts";
import { deploymentStreams } from "#streams/deployment-streams.ts";
import { outletOf } from "#streams/observability.ts";
import { deliverPage } from "./delivery-page.ts";

const MINUTE_MS = 60_000;
/** Each is an invocation that has the tick's time for them. */
const PAGE_ORGS = 50;
const PAGES_AT_ONCE = 2;
/** As many as one tick looks up: 2,000 orgs. With more, each minute begins where the last one ended. */
const PAGES_MAX = 40;
const QUERIES_PER_PAGE = 1;

export async function deliverStreams(
  env: Env,
  shard: string,
  scheduledTimeMs: number,
  share: TickShare,
): Promise<void> {
  const defaults = deploymentStreams(env);
  const hasDefault = (["metrics", "audit"] as const).some((stream) => outletOf(defaults, stream));
  const asked = { shard, hasDefault };
  if (!share.take(QUERIES_PER_PAGE)) return;
  const orgs = await countStreamTargets(env.DIRECTORY, asked);
  const pages = pagesOfTick(Math.ceil(orgs / PAGE_ORGS), scheduledTimeMs);
  const pace = { atOnce: PAGES_AT_ONCE, queries: QUERIES_PER_PAGE };
  await share.attemptEach(
    pages,
    pace,
    () => shard,
    async (page) => {
      const place = { offset: page * PAGE_ORGS, limit: PAGE_ORGS };
      const targets = await findStreamTargets(env.DIRECTORY, asked, place);
      const failed = targets.length === 0 ? 0 : await deliverPage(shard, targets);
      if (failed > 0) throw new Error("streams could not be delivered");
    },
  );
}

/** All of them where there are few, begun at another one each minute. */
function pagesOfTick(pages: number, scheduledTimeMs: number): number[] {
  const length = Math.min(pages, PAGES_MAX);
  const first = Math.floor(scheduledTimeMs / MINUTE_MS) * length;
  return Array.from({ length }, (_, at) => (first + at) % pages);
}
