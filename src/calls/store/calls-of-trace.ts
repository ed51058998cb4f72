/** The samples of one trace, looked for in the samples of its time. */
import { and, eq, inArray } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { uuid7LowerBound } from "#formats/uuid7.ts";
import { CALL_COLUMNS, type StoredCall, toolInvocations } from "./shard-schema.ts";

/** Samples that the query looks at, as many as for a page of them (find-calls.ts): D1 has one thread. */
const SAMPLES_SCANNED_MAX = 50_000;
/** Calls found of a trace: their ids and the org are as many parameters as D1 takes. */
const TRACE_CALLS_MAX = 99;

const SELECT_CALLS = `SELECT w.id FROM
    (SELECT id, trace_id FROM tool_invocations WHERE org = ?1 AND id >= ?2 AND id < ?3
      ORDER BY id LIMIT ${SAMPLES_SCANNED_MAX}) w
  WHERE w.trace_id = ?4 LIMIT ${TRACE_CALLS_MAX}`;

/** The samples of a trace whose ids lie between the two times. */
export async function findCallsOfTrace(
  db: D1Database,
  org: string,
  traceId: string,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<StoredCall[]> {
  const { results } = await db
    .prepare(SELECT_CALLS)
    .bind(org, uuid7LowerBound(fromMs), uuid7LowerBound(toMs), traceId)
    .all<{ id: string }>();
  if (results.length === 0) return [];
  const ids = results.map(({ id }) => id);
  return drizzle(db)
    .select(CALL_COLUMNS)
    .from(toolInvocations)
    .where(and(eq(toolInvocations.org, org), inArray(toolInvocations.id, ids)));
}
