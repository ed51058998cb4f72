/**
 * The spans around calls, for the drill-down: kept as long as samples, and never counted. A row holds spans
 * of a request that end within the same ten minutes (migrations/shard/0003_spans.sql says why), so a trace
 * is looked for in the rows of its time.
 */
import { SAMPLE_AGE_MS_MAX, SAMPLE_AHEAD_MS_MAX } from "#calls/call.ts";
import { uuid7LowerBound } from "#formats/uuid7.ts";
import { insertCounted } from "#orgs/store/counted-rows.ts";
import { findShardOrg, type ShardedOrg } from "#orgs/store/shard-orgs.ts";
import { utf8Bytes } from "#platform/d1/json-parameter.ts";
import type { TraceSpan } from "#tracing/trace-span.ts";
import { COUNTED_SPANS, SPAN_ROW_BYTES } from "./span-bytes.ts";
import { parseTrace, ROW_SPREAD_MS, spanRows, traceMark } from "./span-rows.ts";

/** Rows whose marks are looked at for one trace: each has nine characters a trace. */
const SCAN_ROWS_MAX = 10_000;
/** Rows and spans of an answer. A trace that is in more rows was sent span by span, over a long time. */
const FOUND_ROWS_MAX = 64;
const SPANS_MAX = 1_000;

/** Idempotent by the row's id, and nothing lands in an org that was deleted or moved. */
const INSERT_SPANS = `INSERT INTO spans (org, id, traces, payload)
  SELECT ?1, ?3, ?4, ?5 WHERE EXISTS (
    SELECT 1 FROM orgs
    WHERE org = ?1 AND generation = ?2 AND state = 'active' AND refused_since_ms IS NULL)
  ON CONFLICT DO NOTHING`;

/** The inner query leaves the payload out, so that only what is found is read. */
const SELECT_TRACE = `SELECT s.payload -> ?5 AS spans FROM
    (SELECT id, traces FROM spans WHERE org = ?1 AND id >= ?2 AND id < ?3
      ORDER BY id LIMIT ${SCAN_ROWS_MAX}) w
  CROSS JOIN spans s ON s.org = ?1 AND s.id = w.id
  WHERE instr(w.traces, ?4) > 0 LIMIT ${FOUND_ROWS_MAX}`;

/**
 * Writes a row for each ten minutes in which spans of the request ended, whatever the number of traces, and
 * more only where one would be too large. A span that ended more than a day ago, or ends in the future, is
 * left out, as a sample of that time is. "refused" where the shard has no room for spans of the org: then none
 * is kept.
 */
export async function keepSpans(
  db: D1Database,
  org: ShardedOrg,
  spans: readonly TraceSpan[],
  nowMs: number,
): Promise<"kept" | "refused"> {
  const isTimely = ({ end }: TraceSpan) =>
    end.ms >= nowMs - SAMPLE_AGE_MS_MAX && end.ms <= nowMs + SAMPLE_AHEAD_MS_MAX;
  const timely = spans.filter(
    (span) => span.traceId !== "" && span.spanId !== "" && isTimely(span),
  );
  if (timely.length === 0) return "kept";
  const statements = spanRows(timely).flatMap(({ id, traces, payload }) => {
    const insert = db.prepare(INSERT_SPANS).bind(org.org, org.generation, id, traces, payload);
    const bytes = SPAN_ROW_BYTES + traces.length + utf8Bytes(payload);
    return insertCounted(db, { org: org.org, bytes }, COUNTED_SPANS, insert);
  });
  const results = await db.batch(statements);
  if (results.some(({ meta }) => meta.changes > 0)) return "kept";
  // Nothing was written: all of it is there already, or may not come in.
  const shardOrg = await findShardOrg(db, org.org);
  return shardOrg !== null && shardOrg.refusedSinceMs !== null ? "refused" : "kept";
}

/** The spans of a trace that ended between the two times, each once, in no order. */
export async function findSpans(
  db: D1Database,
  org: string,
  traceId: string,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<TraceSpan[]> {
  const { results } = await db
    .prepare(SELECT_TRACE)
    .bind(
      org,
      uuid7LowerBound(fromMs),
      uuid7LowerBound(toMs + ROW_SPREAD_MS),
      traceMark(traceId),
      `$."${traceId}"`,
    )
    .all<{ spans: string | null }>();
  const found = new Map<string, TraceSpan>();
  for (const { spans } of results) {
    // Another trace may have the same mark.
    for (const span of spans === null ? [] : parseTrace(traceId, spans)) {
      if (found.size < SPANS_MAX) found.set(span.spanId, span);
    }
  }
  return [...found.values()];
}
