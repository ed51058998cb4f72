/**
 * What has arrived and is not folded yet: the oldest of it, as much as one fold takes on. In the order of their ids
 * arrivals are in the order in which they became durable (insert-statements.ts): whoever counts the oldest counts what
 * any answer before counted.
 */
import { type Arrival, parseArrival } from "#calls/arrival.ts";
import { SHARD_ORG_COLUMNS, type ShardedOrg, type ShardOrg } from "#orgs/store/shard-orgs.ts";
import { MINUTE_MS } from "#platform/time.ts";

/** Arrivals read at most, by count and by bytes: bounds the memory of a fold. */
export const ARRIVALS_READ_MAX = 8_192;
const ARRIVAL_BYTES_READ_MAX = 6_000_000;
/**
 * A fold is due beyond this: some 20,000 calls of 1,000 tools. A reader adds what there is up to then in 40 ms, and a
 * fold of so much patches each of these tools' rows once.
 */
const BACKLOG_BYTES_MAX = 1_000_000;
/** By the tick, which comes each minute, nothing waits for longer than 15. */
const BACKLOG_AGE_MS_MAX = 14 * MINUTE_MS;
/** By so much the clock may be ahead that dates an arrival. */
const AHEAD_MS_MAX = MINUTE_MS;

export interface ArrivalRow {
  id: string;
  receivedMs: number;
  bytes: number;
  payload: string;
}

export interface ParsedArrivalRow extends ArrivalRow {
  arrival: Arrival;
}

export interface Backlog {
  shardOrg: ShardOrg;
  /** The oldest, at least one. */
  arrived: readonly ParsedArrivalRow[];
  /** Of all that there is. */
  lastId: string;
}

/** Oldest first; `total` is summed over `bytes` alone, so what is over the bound is not read. */
const SELECT_OLDEST = `SELECT id, received_ms AS receivedMs, bytes, payload FROM arrivals
  WHERE org = ?1 AND id IN (
    SELECT id FROM (
      SELECT id, bytes, sum(bytes) OVER (ORDER BY id) AS total
      FROM (SELECT id, bytes FROM arrivals WHERE org = ?1 ORDER BY id LIMIT ${ARRIVALS_READ_MAX})
    ) WHERE total - bytes < ${ARRIVAL_BYTES_READ_MAX})
  ORDER BY id`;

const SELECT_ORG = `SELECT ${SHARD_ORG_COLUMNS},
    (SELECT max(id) FROM arrivals WHERE org = ?1) AS lastId
  FROM orgs WHERE org = ?1`;

/** Null where there is nothing, or the org is not there as it was seen. */
export async function readBacklog(db: D1Database, org: ShardedOrg): Promise<Backlog | null> {
  const results = await db.batch<unknown>([
    db.prepare(SELECT_ORG).bind(org.org),
    db.prepare(SELECT_OLDEST).bind(org.org),
  ]);
  const [[shardOrg], rows] = results.map((result) => result.results) as [
    (ShardOrg & { lastId: string })[],
    ArrivalRow[],
  ];
  if (rows.length === 0 || shardOrg?.state !== "active") return null;
  if (shardOrg.generation !== org.generation) return null;
  return { shardOrg, arrived: rows.map(parsedRow), lastId: shardOrg.lastId };
}

export function parsedRow(row: ArrivalRow): ParsedArrivalRow {
  return { ...row, arrival: parseArrival(row.payload) };
}

/** Whether a reader folds it: it is as much as a fold is made for, or more than was read, or dated by a clock that is ahead. */
export function isFoldedFirst(backlog: Backlog, nowMs: number): boolean {
  const { arrived, lastId } = backlog;
  if (arrived.at(-1)?.id !== lastId || isUnderWay(backlog)) return true;
  if (arrived.some(({ receivedMs }) => receivedMs > nowMs + AHEAD_MS_MAX)) return true;
  return arrived.reduce((sum, { bytes }) => sum + bytes, 0) > BACKLOG_BYTES_MAX;
}

/** Its oldest part was folded, or rewritten, and the rest is to be. */
export function isUnderWay({ shardOrg, arrived }: Backlog): boolean {
  return arrived[0]!.id <= shardOrg.foldThrough;
}

/** Up to which arrival folds are to go on behind that one: all that there was when one became due. */
export function foldThroughOf(backlog: Backlog, foldedTo: string | null): string {
  const { shardOrg, lastId } = backlog;
  if (foldedTo === lastId) return "";
  // What is regrouped has ids of its own, right behind that of the oldest.
  return isUnderWay(backlog) ? shardOrg.foldThrough : `${lastId}~`;
}

/** What a tick sees of an org's arrivals without their payloads. */
export interface BacklogOutline {
  firstId: string;
  oldestMs: number;
  newestMs: number;
  rows: number;
  bytes: number;
  /** Arrivals that are worth merging. */
  small: number;
  foldThrough: string;
}

/** So many bytes have some 200 calls. */
export const SMALL_BYTES_MAX = 8_192;

const SELECT_OUTLINE = `SELECT min(id) AS firstId, min(received_ms) AS oldestMs, max(received_ms) AS newestMs,
    count(*) AS rows, total(bytes) AS bytes, count(*) FILTER (WHERE bytes <= ${SMALL_BYTES_MAX}) AS small,
    (SELECT fold_through FROM orgs WHERE org = ?1) AS foldThrough
  FROM (SELECT id, received_ms, bytes FROM arrivals WHERE org = ?1 ORDER BY id LIMIT ${ARRIVALS_READ_MAX})`;

/** Null where there is nothing. */
export async function outlineBacklog(db: D1Database, org: string): Promise<BacklogOutline | null> {
  const outline = await db.prepare(SELECT_OUTLINE).bind(org).first<BacklogOutline>();
  return outline === null || outline.rows === 0 ? null : outline;
}

/** Whether a tick folds it: it is much, or old, or dated by a clock by which it will be old much too late. */
export function isFoldDue(outline: BacklogOutline, nowMs: number): boolean {
  const { firstId, foldThrough, rows, bytes, oldestMs, newestMs } = outline;
  if (firstId <= foldThrough || rows >= ARRIVALS_READ_MAX || bytes > BACKLOG_BYTES_MAX) return true;
  return oldestMs <= nowMs - BACKLOG_AGE_MS_MAX || newestMs > nowMs + AHEAD_MS_MAX;
}
