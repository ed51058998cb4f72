/** What a scrape says of the room on the org's shard. A source of figures, as calls/figures/figure-sources.ts has it. */

import { labelSet, type MetricFamily } from "#formats/exposition/metric-family.ts";
import { orgSpaceOf, selectOrgSpace } from "#orgs/store/space-rows.ts";
import type { Env } from "#platform/env.ts";
import { shardBytesMax } from "#platform/shards.ts";

export const SHARD_FAMILY_NAMES = [
  "mcpg_shard_bytes",
  "mcpg_shard_bytes_limit",
  "mcpg_shard_refused",
] as const;

export const shardFigures = {
  familyNames: SHARD_FAMILY_NAMES,
  select: selectOrgSpace,
  families(
    { env, org, shard }: { env: Env; org: string; shard: string },
    result: D1Result<unknown>,
  ): MetricFamily[] {
    const { shardBytes, refusedSinceMs } = orgSpaceOf(result);
    const labels = labelSet([
      ["org", org],
      ["shard", shard],
    ]);
    return [
      {
        type: "gauge",
        name: "mcpg_shard_bytes",
        help: "Bytes of the database that the org shares with others",
        unit: "bytes",
        points: [{ labels, value: shardBytes }],
      },
      {
        type: "gauge",
        name: "mcpg_shard_bytes_limit",
        help: "Bytes that the org's database may have",
        points: [{ labels, value: shardBytesMax(env) }],
      },
      {
        type: "gauge",
        name: "mcpg_shard_refused",
        help: "1 if the org is the largest on a full database, so that its samples and spans are refused",
        points: [{ labels, value: refusedSinceMs === null ? 0 : 1 }],
      },
    ];
  },
};
