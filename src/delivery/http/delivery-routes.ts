/** How far an org's metrics and audit entries have been delivered. */

import { findWaitingState } from "#calls/store/pairing/waiting-rows.ts";
import { findDeliveries } from "#delivery/store/stream-deliveries.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { findOrgSpace } from "#orgs/store/space-rows.ts";
import { findUnmapped } from "#otlp/store/unmapped-rows.ts";
import { findShardClock } from "#platform/jobs/shard-clock.ts";
import { shardBytesMax, shardDatabase } from "#platform/shards.ts";
import { DeliveriesSchema, deliveriesJson } from "./deliveries-json.ts";

export const deliveryRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: "/v1/orgs/:org/observability/status",
      operationId: "getDeliveries",
      summary:
        "How far metrics and audit entries have been delivered, whether samples are taken, and what spans wait",
      description:
        "`last_error` is null after an attempt that went well. Of `audit`, entries before `next_seq` of " +
        "`log` were taken by the receiver; `missed_entries` were removed by retention before they were. " +
        "`ingest.refused_since` is set while the org is the largest on a full shard (503 `shard_full_for_org`). " +
        "Of `calls`, what is not counted of the spans that came; of `unmapped_spans`, what looks like a call " +
        "in words that are not known here.",
      scope: "org:admin",
      answers: {
        200: { description: "The deliveries", content: { "application/json": DeliveriesSchema } },
      },
    },
    async (c) => {
      const { org, shard } = c.var.org;
      const db = shardDatabase(c.env, shard);
      const [states, clock, space, calls, unmapped] = await Promise.all([
        findDeliveries(db, org),
        findShardClock(db),
        findOrgSpace(db, org),
        findWaitingState(db, org),
        findUnmapped(db, org),
      ]);
      const room = { ...space, shardBytesMax: shardBytesMax(c.env) };
      return c.json(deliveriesJson(states, clock, room, { calls, unmapped }));
    },
  ),
];
