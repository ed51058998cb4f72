/**
 * Spans that look like tool calls and are taken for none, counted by shape: a row a shape, at most so many an
 * org, written once a request that has some. A request that is sent again counts again.
 */
import type { ShardedOrg } from "#orgs/store/shard-orgs.ts";
import {
  OTHER_SHAPES,
  SHAPES_MAX,
  type SpanShape,
  type UnmappedShape,
} from "#otlp/unmapped-shapes.ts";
import { DAY_MS } from "#platform/time.ts";

/** One that is not seen for so long makes room for others. */
export const UNMAPPED_KEPT_MS = 7 * DAY_MS;

/** All shapes, and what is past them. */
export const UNMAPPED_ROWS_MAX = SHAPES_MAX + 1;

const DELETE_OLD = `DELETE FROM unmapped_spans WHERE org = ?1 AND last_seen_ms < ?2`;

/** Of the request's shapes ?4: which are there, and for how many others there is room. */
const SENT = `SELECT j.key AS at, j.value ->> 'name' AS name, j.value ->> 'spans' AS spans,
    j.value -> 'example' AS example,
    EXISTS (SELECT 1 FROM unmapped_spans WHERE org = ?1 AND shape = j.value ->> 'name') AS known,
    ${SHAPES_MAX} - (SELECT count(*) FROM unmapped_spans WHERE org = ?1 AND shape <> '${OTHER_SHAPES}') AS room
  FROM json_each(?4) j`;

/** Shapes that are there are counted, and of others those that came first, as many as there is room for. */
const COUNT_SHAPES = `INSERT INTO unmapped_spans (org, shape, spans, first_seen_ms, last_seen_ms, example)
  SELECT ?1, iif(fits, name, '${OTHER_SHAPES}') AS shape, sum(spans), ?3, ?3, max(iif(fits, example, NULL))
  FROM (SELECT name, spans, example,
      known OR row_number() OVER (PARTITION BY known ORDER BY at) <= room AS fits FROM (${SENT}))
  WHERE EXISTS (SELECT 1 FROM orgs
    WHERE org = ?1 AND generation = ?2 AND state = 'active' AND refused_since_ms IS NULL)
  GROUP BY 2
  ON CONFLICT DO UPDATE SET spans = spans + excluded.spans,
    last_seen_ms = max(last_seen_ms, excluded.last_seen_ms)`;

/** None where there are no shapes. */
export function noteUnmapped(
  db: D1Database,
  { org, generation }: ShardedOrg,
  nowMs: number,
  shapes: readonly UnmappedShape[],
): D1PreparedStatement[] {
  if (shapes.length === 0) return [];
  return [
    db.prepare(DELETE_OLD).bind(org, nowMs - UNMAPPED_KEPT_MS),
    db.prepare(COUNT_SHAPES).bind(org, generation, nowMs, JSON.stringify(shapes)),
  ];
}

export interface UnmappedSpans {
  /** Null of all that are past the bound. */
  readonly example: SpanShape | null;
  readonly spans: number;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
}

const SELECT_SHAPES = `SELECT spans, first_seen_ms AS firstSeenMs, last_seen_ms AS lastSeenMs, example
  FROM unmapped_spans WHERE org = ?1 ORDER BY example IS NULL, last_seen_ms DESC, shape`;

/** The last seen first, and what is past the bound last. */
export async function findUnmapped(db: D1Database, org: string): Promise<UnmappedSpans[]> {
  const { results } = await db
    .prepare(SELECT_SHAPES)
    .bind(org)
    .all<Omit<UnmappedSpans, "example"> & { example: string | null }>();
  return results.map(({ example, ...row }) => ({
    ...row,
    example: example === null ? null : (JSON.parse(example) as SpanShape),
  }));
}
