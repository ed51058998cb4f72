/** Many samples of an org at once, for tests of what a read costs: put there by one statement, not by ingest. */
import { db } from "./shard-org.ts";

const INSERT = `INSERT INTO tool_invocations
    (org, id, workspace, plugin, tool, instance, started_at_ms, duration_us, outcome, ingested_at_ms, actor)
  WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < CAST(?2 AS INTEGER)),
    at (i, ms) AS (SELECT i, CAST(?3 AS INTEGER) - 1 - i * CAST(?4 AS INTEGER) FROM n)
  SELECT ?1, printf('%08x-%04x-7000-8000-%012x', ms >> 16, ms & 65535, i), 'prod', 'plugin-' || (i % 7),
    'tool-' || (i % 50), 'gw-' || (i % 3), ms, 1000 * (i % 997),
    CASE i % 20 WHEN 0 THEN 'server_error' WHEN 1 THEN 'idempotent_replay' ELSE 'ok' END, ms, 'user:' || (i % 97)
  FROM at`;

export interface ManySamples {
  count: number;
  /** They begin before that time, one each `gapMs`. */
  endMs: number;
  gapMs: number;
}

export async function manySamples(
  org: string,
  { count, endMs, gapMs }: ManySamples,
): Promise<void> {
  await db.prepare(INSERT).bind(org, count, endMs, gapMs).run();
}
