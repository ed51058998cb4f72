/** Operations of a test's own orgs, and the batches that bring them. In workerd. */
import type { Operation } from "#gateway/figures/operation.ts";
import { OperationTallies } from "#gateway/figures/operation-tallies.ts";
import type { Org } from "#orgs/org.ts";
import { db } from "../../harness/shard-org.ts";

export function operation(
  org: { org: string; generation?: number },
  fields: Partial<Operation> = {},
): Operation {
  return {
    org: { shard: "SHARD_0", generation: 1, ...org } as Org,
    workspace: "prod",
    plugin: "github",
    method: "tools/call",
    tool: "search",
    outcome: "ok",
    errorType: null,
    version: "2025-11-25",
    durationMs: 40,
    atMs: Date.now(),
    ...fields,
  };
}

export function rowsOf(...operations: Operation[]): string[] {
  const tallies = new OperationTallies();
  for (const one of operations) tallies.add(one);
  return tallies.takeRows(10_000);
}

const COUNT = Array.from({ length: 15 }, (_, bucket) => `le_${bucket}`).join(" + ");

/** How many operations the store has of the org. */
export async function countedOf(org: string): Promise<number> {
  const sql = `SELECT total(${COUNT}) AS n FROM gateway_operations WHERE org = ?1`;
  return (await db.prepare(sql).bind(org).first<number>("n")) ?? 0;
}

export async function toolsOf(org: string): Promise<string[]> {
  const sql =
    "SELECT iif(tool = '', method, tool) AS name FROM gateway_operations WHERE org = ?1 ORDER BY 1";
  const { results } = await db.prepare(sql).bind(org).all<{ name: string }>();
  return results.map(({ name }) => name);
}
