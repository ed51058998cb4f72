/**
 * The operations of a shard, by org and labels. A batch is added in one transaction if its writer has added none of
 * its number or a later one: sent again, or late, it changes nothing. A label set that is new takes room where there
 * is some; else it is counted as the org's others, and where there is none for these, as those of all orgs. One that
 * is there stays what it is, so no counter falls.
 */
import { OTHER } from "#calls/series.ts";
import type { OperationLabels } from "#gateway/figures/operation.ts";
import { OPERATION_BUCKETS } from "#gateway/figures/operation-bounds.ts";
import type { OperationBatch } from "#gateway/figures/operation-outbox.ts";
import type { OperationRoom } from "#gateway/figures/operation-room.ts";
import { OTHER_LABELS } from "#gateway/figures/operation-tallies.ts";
import { DAY_MS } from "#platform/time.ts";

const LABELS = ["workspace", "plugin", "method", "tool", "outcome", "error_type", "version"];
const COUNTS = Array.from({ length: OPERATION_BUCKETS }, (_, bucket) => `le_${bucket}`);
/** The columns of the key behind the org. */
export const OPERATION_KEY = LABELS.join(", ");
const KEY = `org, ${OPERATION_KEY}`;
/** Where a row has its labels, and what is summed. */
const FIRST_LABEL = 2;
const FIRST_FIGURE = FIRST_LABEL + LABELS.length;
const SUMS = ["sum_us", ...COUNTS];

/** An isolate that has not written for so long is no more, and no batch of it is on its way. */
const WRITER_IDLE_MS_MAX = DAY_MS;
const WRITERS_DELETED_MAX = 64;

const quoted = (text: string) => `'${text}'`;
/** As SQL, in the order of LABELS. */
const OTHERS = OTHER_LABELS.map(quoted);

const matches = (org: string, labels: readonly string[]) =>
  `o.org = ${org} AND ${LABELS.map((name, index) => `o.${name} = ${labels[index]}`).join(" AND ")}`;

/** ?3: the rows; org, generation, …labels, first_ms, last_ms, sum_us, …counts. */
const ITEMS = `SELECT j.key AS position, j.value AS item, j.value ->> 0 AS org,
    ${LABELS.map((name, index) => `j.value ->> ${FIRST_LABEL + index} AS ${name}`).join(", ")}
  FROM jsonb_each(?3) j JOIN orgs ON orgs.org = j.value ->> 0
    AND orgs.generation = j.value ->> 1 AND orgs.state = 'active'
  WHERE NOT EXISTS (SELECT 1 FROM gateway_writers WHERE writer = ?1 AND batch >= ?2)`;

/** Others are no label sets of an org: their room is kept apart, a tenth of the shard's. */
const IS_THERE = `EXISTS (SELECT 1 FROM gateway_operations o
    WHERE ${matches(
      "i.org",
      LABELS.map((name) => `i.${name}`),
    )})`;

/**
 * Which new ones find room, in their order. What is there is counted where one is new, and not else: ?4, ?5: the
 * room of an org and of the shard.
 */
const PLACED = `SELECT *, CASE
    WHEN NOT is_new THEN 'own'
    WHEN new_of_org <= ?4 - (SELECT count(*) FROM gateway_operations o WHERE o.org = r.org)
      AND new_of_shard <= ?5 * 9 / 10 - (SELECT count(*) FROM gateway_operations) THEN 'own'
    WHEN EXISTS (SELECT 1 FROM gateway_operations o WHERE ${matches("r.org", OTHERS)}) THEN 'other'
    WHEN items < ?5 - (SELECT count(*) FROM gateway_operations) THEN 'other'
    ELSE 'all' END AS place
  FROM (
    SELECT i.*, sum(is_new) OVER (PARTITION BY org ORDER BY position) AS new_of_org,
      sum(is_new) OVER (ORDER BY position) AS new_of_shard,
      count(*) OVER () AS items
    FROM (SELECT i.*, NOT ${IS_THERE} AS is_new FROM (${ITEMS}) i) i
  ) r`;

const target = (own: string, index: number) => `iif(place = 'own', ${own}, ${OTHERS[index]})`;

/** ?6: now, which nothing was seen after. */
const ADD = `INSERT INTO gateway_operations (${KEY}, created_ms, last_seen_ms, ${SUMS.join(", ")})
  SELECT iif(place = 'all', ${quoted(OTHER)}, org), ${LABELS.map(target).join(", ")},
    min(?6, min(item ->> ${FIRST_FIGURE})), min(?6, max(item ->> ${FIRST_FIGURE + 1})),
    ${SUMS.map((_, index) => `sum(item ->> ${FIRST_FIGURE + 2 + index})`).join(", ")}
  FROM (${PLACED}) WHERE true GROUP BY 1, ${LABELS.map((_, index) => index + 2).join(", ")}
  ON CONFLICT (${KEY}) DO UPDATE SET
    last_seen_ms = max(last_seen_ms, excluded.last_seen_ms),
    ${SUMS.map((name) => `${name} = ${name} + excluded.${name}`).join(", ")}`;

const NOTE_BATCH = `INSERT INTO gateway_writers (writer, batch, at_ms) VALUES (?1, ?2, ?3)
  ON CONFLICT (writer) DO UPDATE SET batch = excluded.batch, at_ms = excluded.at_ms
  WHERE excluded.batch > batch`;

/** By the clock that deletion goes by, once it is settled (platform/steady-clock.ts), and never by an isolate's. */
const DELETE_WRITERS = `DELETE FROM gateway_writers WHERE writer IN (
  SELECT w.writer FROM clock c, gateway_writers w
  WHERE c.is_settled = 1 AND w.at_ms < c.newest_ms - ${WRITER_IDLE_MS_MAX}
    AND w.writer < printf('%08x-%04x', (c.newest_ms - ${WRITER_IDLE_MS_MAX}) >> 16, (c.newest_ms - ${WRITER_IDLE_MS_MAX}) & 65535)
  ORDER BY w.writer LIMIT ${WRITERS_DELETED_MAX})`;

/** Adds the batch, once. What is of an org that was deleted or moved is left out. */
export async function addOperations(
  db: D1Database,
  { writer, number, rows }: OperationBatch,
  { orgMax, shardMax }: OperationRoom,
  nowMs: number,
): Promise<void> {
  const list = `[${rows.join(",")}]`;
  await db.batch([
    db.prepare(ADD).bind(writer, number, list, orgMax, shardMax, nowMs),
    db.prepare(NOTE_BATCH).bind(writer, number, nowMs),
    // An isolate's first batch is the time to clean up after others.
    ...(number === 1 ? [db.prepare(DELETE_WRITERS)] : []),
  ]);
}

const IDLE = "org <> '__other__' AND last_seen_ms <= ?1";

/** Since when a label set has to have been seen, to be shown and kept. */
export const OPERATION_IDLE_MS_MAX = 30 * DAY_MS;

export interface OperationTotals {
  readonly org: string;
  readonly labels: OperationLabels;
  readonly createdMs: number;
  readonly sumUs: number;
  /** By bucket, not cumulative. */
  readonly counts: readonly number[];
}

/** A deleted org's leave at once; what of all orgs found no room goes with none, and stays. */
export function selectOperations(db: D1Database, nowMs: number): D1PreparedStatement {
  const select = `SELECT ${KEY}, created_ms, sum_us, json_array(${COUNTS.join(", ")}) AS counts
    FROM gateway_operations
    WHERE NOT (${IDLE}) AND (org = '__other__' OR org IN (SELECT org FROM orgs WHERE state = 'active'))
    ORDER BY ${KEY}`;
  return db.prepare(select).bind(nowMs - OPERATION_IDLE_MS_MAX);
}

export function operationsOf(result: D1Result<unknown>): OperationTotals[] {
  const rows = result.results as Record<string, string | number>[];
  return rows.map((row) => ({
    org: row["org"] as string,
    labels: LABELS.map((name) => row[name]) as unknown as OperationLabels,
    createdMs: row["created_ms"] as number,
    sumUs: row["sum_us"] as number,
    counts: JSON.parse(row["counts"] as string) as number[],
  }));
}

/** Of an org there are a thousand at most. */
export async function deleteIdleOperations(
  db: D1Database,
  org: string,
  nowMs: number,
): Promise<void> {
  const sql = `DELETE FROM gateway_operations WHERE ${IDLE} AND org = ?2`;
  await db
    .prepare(sql)
    .bind(nowMs - OPERATION_IDLE_MS_MAX, org)
    .run();
}

/** Times that are yet to come, of a clock that was ahead: a zero told for one would read as a reset. */
export async function setOperationsBack(db: D1Database, org: string, nowMs: number): Promise<void> {
  const sql = `UPDATE gateway_operations SET last_seen_ms = min(last_seen_ms, ?2), created_ms = min(created_ms, ?2)
    WHERE org = ?1 AND max(last_seen_ms, created_ms) > ?2`;
  await db.prepare(sql).bind(org, nowMs).run();
}
