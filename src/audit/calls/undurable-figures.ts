/** What a scrape says of decisions that were made without the ledger. */
import { findUndurableDecisions } from "#audit/store/decision-outbox.ts";
import { labelSet, type MetricFamily } from "#formats/exposition/metric-family.ts";
import type { Env } from "#platform/env.ts";

const NAME = "mcpg_gateway_undurable_total";

export const UNDURABLE_FAMILY_NAMES = [NAME] as const;

/**
 * A source of figures (calls/figures/figure-sources.ts). The count stands in the directory, beside the decisions:
 * of the shard's snapshot it is no part, and is read behind it.
 */
export const undurableFigures = {
  familyNames: UNDURABLE_FAMILY_NAMES,
  select: (shardDb: D1Database, _org: string) => shardDb.prepare("SELECT 1"),
  async families({ env, org }: { env: Env; org: string }): Promise<MetricFamily[]> {
    const value = await findUndurableDecisions(env.DIRECTORY, org);
    return [
      {
        type: "counter",
        name: NAME,
        help: "Decisions of the gateway that were made without the ledger",
        points: [{ labels: labelSet([["org", org]]), value, createdMs: null }],
      },
    ];
  },
};
