/** Reads samples by time. The key (org, UUIDv7) is the time index; other filters are residual. */
import { and, eq, getTableColumns } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { CallFilter } from "#calls/call-filter.ts";
import { BoundValues } from "#platform/d1/bound-values.ts";
import { aheadMsAt, behindMsAt, idsOfTimes, timeOfId } from "./id-skews.ts";
import { sampleConditions } from "./sample-conditions.ts";
import { CALL_COLUMNS, hasPayload, type StoredCall, toolInvocations as t } from "./shard-schema.ts";

/**
 * Samples looked at for one page, about 100 ms of D1's one thread. A page whose filters match few of
 * them is short and carries a cursor: the reader goes on from there.
 */
export const SCAN_ROWS_MAX = 50_000;

/** By id: newest first, or oldest. */
export const CALL_ORDERS = ["desc", "asc"] as const;
export type CallOrder = (typeof CALL_ORDERS)[number];

export interface CallPageQuery {
  filter: CallFilter;
  order: CallOrder;
  limit: number;
  /** Where the page before ended. */
  afterId: string | null;
}

export interface CallPage {
  calls: StoredCall[];
  /** The next page continues behind this id; null at the end. */
  nextId: string | null;
  /**
   * With those of the pages before, the calls that match are all that began at that time or later, and in ascending
   * order before it; null where there are no others.
   */
  scannedToMs: number | null;
}

interface PageRow extends Omit<StoredCall, "id" | "isCaller" | "hasPayload"> {
  /** Null where none was found. */
  id: string | null;
  isCaller: number;
  hasPayload: number;
  /** The call too many, or else the last that was looked at; null where all were. */
  endId: string | null;
  scannedToMs: number | null;
}

const { payloadRow: _, ...columns } = getTableColumns(t);
const COLUMNS = [
  ...Object.entries(columns).map(([key, { name }]) => `found.${name} AS ${key}`),
  `${hasPayload("found")} AS hasPayload`,
];

/**
 * One statement, so one snapshot: where the looking ended is of the very samples that were looked at, whatever comes
 * or is pruned meanwhile. It is asked for only where the page is not full, for it steps over all of them again.
 */
export async function findCalls(
  db: D1Database,
  org: string,
  { filter, order, limit, afterId }: CallPageQuery,
): Promise<CallPage> {
  const values = new BoundValues();
  const orgPlace = values.text(org);
  const { comparison, last, scannedTo } = ORDERS[order];
  const range = [
    `org = ${orgPlace}`,
    ...(afterId === null ? [] : [`id ${comparison} ${values.text(afterId)}`]),
    ...idsOfTimes(values, orgPlace, filter),
  ].join(" AND ");
  const sql = `WITH found AS MATERIALIZED (
      SELECT * FROM (SELECT * FROM tool_invocations WHERE ${range} ORDER BY id ${order} LIMIT ${SCAN_ROWS_MAX})
      WHERE ${sampleConditions(values, filter)} ORDER BY id ${order} LIMIT ${limit + 1}),
    page AS MATERIALIZED (SELECT iif(rows > ${limit}, lastId, (
        SELECT id FROM tool_invocations WHERE ${range} ORDER BY id ${order} LIMIT 1 OFFSET ${SCAN_ROWS_MAX - 1})) AS endId
      FROM (SELECT count(*) AS rows, ${last}(id) AS lastId FROM found))
    SELECT page.endId, ${scannedTo(orgPlace, timeOfId("page.endId"))} AS scannedToMs, ${COLUMNS.join(", ")}
    FROM page LEFT JOIN found ON true`;
  const { results } = await values.bindTo(db.prepare(sql)).all<PageRow>();
  const { endId = null, scannedToMs = null } = results[0] ?? {};
  const calls = results.flatMap(storedCall).slice(0, limit);
  return {
    calls,
    // The call too many is the next page's first.
    nextId: results.length > limit ? calls.at(-1)!.id : endId,
    scannedToMs: scannedToMs === null ? null : within(filter, scannedToMs),
  };
}

/** What was not looked at lies behind an id; its calls may have begun on this side of the id's time, by the skew. */
const ORDERS = {
  desc: {
    comparison: "<",
    last: "min",
    scannedTo: (org: string, ms: string) => `${ms} + 1 + ${behindMsAt(org, ms)}`,
  },
  asc: {
    comparison: ">",
    last: "max",
    scannedTo: (org: string, ms: string) => `${ms} - ${aheadMsAt(org, ms)}`,
  },
} as const;

function within({ fromMs = 0, toMs = Number.MAX_SAFE_INTEGER }: CallFilter, ms: number): number {
  return Math.max(fromMs, Math.min(toMs, ms));
}

function storedCall({ endId: _, scannedToMs: __, id, ...row }: PageRow): StoredCall[] {
  if (id === null) return [];
  return [{ ...row, id, isCaller: row.isCaller === 1, hasPayload: row.hasPayload === 1 }];
}

export async function findCall(
  db: D1Database,
  org: string,
  id: string,
): Promise<StoredCall | undefined> {
  const [call] = await drizzle(db)
    .select(CALL_COLUMNS)
    .from(t)
    .where(and(eq(t.org, org), eq(t.id, id)));
  return call;
}
