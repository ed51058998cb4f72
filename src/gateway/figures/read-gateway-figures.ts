/** The gateway's metrics of all orgs, from the store: of each shard one snapshot, and of all shards or none. */

import type { MetricFamily } from "#formats/exposition/metric-family.ts";
import { operationsOf, selectOperations } from "#gateway/figures/store/operation-rows.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase, shardNames } from "#platform/shards.ts";
import { operationFamilies } from "./operation-families.ts";

/** Fails where a shard does not answer: without its orgs a page would say that their counters are gone. */
export async function readGatewayFigures(env: Env, nowMs: number): Promise<MetricFamily[]> {
  const operations = await Promise.all(
    shardNames(env).map(async (name) => {
      const db = shardDatabase(env, name);
      const [result] = await db.batch([selectOperations(db, nowMs)]);
      return result === undefined ? [] : operationsOf(result);
    }),
  );
  return operationFamilies(operations, nowMs);
}
