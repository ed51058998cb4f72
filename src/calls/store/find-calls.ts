/** Reads samples, newest first. The key (org, UUIDv7) is the time index; other filters are residual. */
import { and, desc, eq, gte, inArray, lt, lte, type SQL } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { AnySQLiteColumn } from "drizzle-orm/sqlite-core";
import { ID_SKEW_MS_MAX } from "#calls/call.ts";
import type { Outcome } from "#calls/outcome.ts";
import { uuid7LowerBound } from "#formats/uuid7.ts";
import { type StoredCall, toolInvocations as t } from "./shard-schema.ts";

/**
 * Samples looked at for one page, about 100 ms of D1's one thread. A page whose filters match few of
 * them is short and carries a cursor: the reader goes on from there.
 */
export const SCAN_ROWS_MAX = 50_000;

export interface CallFilter {
  workspace?: string | undefined;
  plugin?: string | undefined;
  tool?: string | undefined;
  instance?: string | undefined;
  actor?: string | undefined;
  traceId?: string | undefined;
  errorFingerprint?: string | undefined;
  outcomes?: Outcome[] | undefined;
  /** Bounds of started_at: from is inclusive, to exclusive. */
  fromMs?: number | undefined;
  toMs?: number | undefined;
  minDurationUs?: number | undefined;
  maxDurationUs?: number | undefined;
}

export interface CallPage {
  calls: StoredCall[];
  /** The next page continues below this id; null at the end. */
  nextId: string | null;
}

export async function findCalls(
  db: D1Database,
  org: string,
  filter: CallFilter,
  limit: number,
  belowId: string | null,
): Promise<CallPage> {
  const range = keyRange(org, filter, belowId);
  const orm = drizzle(db);
  const scanned = orm
    .select()
    .from(t)
    .where(range)
    .orderBy(desc(t.id))
    .limit(SCAN_ROWS_MAX)
    .as("scanned");
  const found = await orm
    .select()
    .from(scanned)
    .where(and(...conditions(scanned, filter)))
    .orderBy(desc(scanned.id))
    .limit(limit + 1);
  const calls = found.slice(0, limit);
  const lastId = calls.at(-1)?.id ?? null;
  if (found.length > limit) return { calls, nextId: lastId };
  return { calls, nextId: earlierId(await findScanEnd(db, range), lastId) };
}

/** Of a page that is not full: the last sample that was looked at. Null if all of them were. */
async function findScanEnd(db: D1Database, range: SQL | undefined): Promise<string | null> {
  const [last] = await drizzle(db)
    .select({ id: t.id })
    .from(t)
    .where(range)
    .orderBy(desc(t.id))
    .limit(1)
    .offset(SCAN_ROWS_MAX - 1);
  return last?.id ?? null;
}

/** What came since the page was read moves the end of the scan up: none of the page is to come again. */
function earlierId(scanEnd: string | null, lastId: string | null): string | null {
  if (scanEnd === null || lastId === null) return scanEnd;
  return lastId < scanEnd ? lastId : scanEnd;
}

export async function findCall(
  db: D1Database,
  org: string,
  id: string,
): Promise<StoredCall | undefined> {
  const [call] = await drizzle(db)
    .select()
    .from(t)
    .where(and(eq(t.org, org), eq(t.id, id)));
  return call;
}

/** An id's time lies within an hour of the call's, so a time range widened by that is a key range. */
function keyRange(org: string, filter: CallFilter, belowId: string | null): SQL | undefined {
  const { fromMs, toMs } = filter;
  return and(
    eq(t.org, org),
    belowId === null ? undefined : lt(t.id, belowId),
    fromMs === undefined ? undefined : gte(t.id, uuid7LowerBound(fromMs - ID_SKEW_MS_MAX)),
    toMs === undefined ? undefined : lt(t.id, uuid7LowerBound(toMs + ID_SKEW_MS_MAX + 1)),
  );
}

type Columns = Record<Exclude<keyof StoredCall, "org">, AnySQLiteColumn>;

function conditions(columns: Columns, filter: CallFilter): (SQL | undefined)[] {
  const equal = (column: Columns[keyof Columns], value: string | undefined) =>
    value === undefined ? undefined : eq(column, value);
  return [
    equal(columns.workspace, filter.workspace),
    equal(columns.plugin, filter.plugin),
    equal(columns.tool, filter.tool),
    equal(columns.instance, filter.instance),
    equal(columns.actor, filter.actor),
    equal(columns.traceId, filter.traceId),
    equal(columns.errorFingerprint, filter.errorFingerprint),
    filter.outcomes && inArray(columns.outcome, filter.outcomes),
    filter.fromMs === undefined ? undefined : gte(columns.startedAtMs, filter.fromMs),
    filter.toMs === undefined ? undefined : lt(columns.startedAtMs, filter.toMs),
    filter.minDurationUs === undefined ? undefined : gte(columns.durationUs, filter.minDurationUs),
    filter.maxDurationUs === undefined ? undefined : lte(columns.durationUs, filter.maxDurationUs),
  ];
}
