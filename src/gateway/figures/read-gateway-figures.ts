/** The gateway's metrics of all orgs, from the store: of each shard one snapshot, and of all shards or none. */

import type { MetricFamily } from "#formats/exposition/metric-family.ts";
import { operationsOf, selectOperations } from "#gateway/figures/store/operation-rows.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase, shardNames } from "#platform/shards.ts";
import { gatewayFigureSources } from "./gateway-figure-sources.ts";
import { operationFamilies } from "./operation-families.ts";

/** Fails where a shard does not answer: without its orgs a page would say that their counters are gone. */
export async function readGatewayFigures(env: Env, nowMs: number): Promise<MetricFamily[]> {
  const sources = gatewayFigureSources();
  const shards = await Promise.all(
    shardNames(env).map((name) => {
      const db = shardDatabase(env, name);
      return db.batch([selectOperations(db, nowMs), ...sources.map(({ select }) => select(db))]);
    }),
  );
  const operations = shards.map(([result]) => (result === undefined ? [] : operationsOf(result)));
  const others = sources.flatMap((source, index) =>
    source.families(shards.flatMap((results) => results[index + 1] ?? [])),
  );
  return [...operationFamilies(operations, nowMs), ...others];
}
