/** What is known of calls elsewhere: samples that count them, and how the spans of their traces hang together. */
import { parseLinks } from "#calls/pairing/call-links.ts";
import { exchangeOf, type TracedSpan } from "#calls/traced-spans.ts";
import { nextTurn } from "#platform/slices.ts";
import {
  type CallKeys,
  type IdRange,
  idsOf,
  KNOWN_PAGE,
  linkMembers,
  NEARBY_PAGE,
  selectAllNearby,
  selectCallers,
  selectNearbyLimit,
  selectNearbyPage,
  selectNewer,
  serverRanges,
} from "./pairing-guards.ts";

export interface KnownCalls {
  spans: readonly TracedSpan[];
  /** Of the samples among them. */
  ids: readonly string[];
  idOf: ReadonlyMap<TracedSpan, string>;
  /** Of those the callers'. */
  callerIds: readonly string[];
  /** The newest row of links, whatever it tells of: what comes after it was not read. */
  lastSeq: number;
}

export interface KnownToCallers extends KnownCalls {
  linked: readonly TracedSpan[];
}

/** Rows gone through by one query: of each only what is asked for leaves the database. */
const PAGE_ROWS = 256;
/** Rows that a server's call which came late is looked for in: the newest. */
const NEWEST_ROWS = 512;
/** Rows gone through for callers' calls at most, oldest first. */
const ROWS_MAX = 8_192;

/** One row for all that is wanted of a row: a row each would cost more than what it holds. */
const SELECT_LINKS = `SELECT json_group_object(k.key, json(k.value)) AS stored
  FROM call_links l CROSS JOIN json_each(l.traces) k
  WHERE l.org = ?1 AND l.seq > ?2 AND l.seq <= ?3 AND k.key IN (SELECT value FROM json_each(?4))
  GROUP BY l.seq ORDER BY l.seq`;

const SELECT_LAST_SEQ = `SELECT coalesce(max(seq), 0) AS lastSeq FROM call_links WHERE org = ?1`;
/** The last row from before the time: rows are in the order of their commits, which is nearly that of time. */
const SELECT_SEQ_BEFORE = `SELECT coalesce(min(seq) - 1, ?3) AS seq FROM call_links
  WHERE org = ?1 AND received_ms >= ?2`;

interface KnownRow {
  id: string;
  traceId: string;
  spanId: string | null;
  parentSpanId: string | null;
  tool: string;
  startMs: number;
  durationUs: number;
  sessionId: string | null;
  requestId: string | null;
  isCaller: 0 | 1;
}

/** For servers' calls. The links are of the newest requests: names and times tell of others. */
export async function findKnownToServers(
  db: D1Database,
  org: string,
  keys: CallKeys,
): Promise<KnownCalls> {
  const lastSeq = await findLastSeq(db, org);
  const found = samplesOf(await findServersRows(db, org, keys));
  if (found.ids.length === 0) return { ...found, lastSeq };
  const members = linkMembers(keys);
  const linked = await findLinks(db, org, members, { after: lastSeq - NEWEST_ROWS, to: lastSeq });
  return { ...found, spans: [...found.spans, ...linked], lastSeq };
}

/** Whether a request that came before tells of one of the calls' traces: as far as servers' calls are looked up. */
export async function isLinked(db: D1Database, org: string, keys: CallKeys): Promise<boolean> {
  const lastSeq = await findLastSeq(db, org);
  return (await selectNewer(db, org, keys, lastSeq - NEWEST_ROWS).first()) !== null;
}

/** For callers' calls: links are read first, so that what came since shows in newer ones. */
export async function findKnownToCallers(
  db: D1Database,
  org: string,
  keys: CallKeys,
  linkedFromMs: number,
): Promise<KnownToCallers> {
  const lastSeq = await findLastSeq(db, org);
  const before = await db
    .prepare(SELECT_SEQ_BEFORE)
    .bind(org, linkedFromMs, lastSeq)
    .first<{ seq: number }>();
  const after = Math.max(before?.seq ?? lastSeq, lastSeq - ROWS_MAX);
  const linked = await findLinks(db, org, linkMembers(keys), { after, to: lastSeq });
  const known = samplesOf(await findCallersRows(db, org, keys));
  return { ...known, linked, lastSeq };
}

async function findLastSeq(db: D1Database, org: string): Promise<number> {
  const row = await db.prepare(SELECT_LAST_SEQ).bind(org).first<{ lastSeq: number }>();
  return row?.lastSeq ?? 0;
}

async function findLinks(
  db: D1Database,
  org: string,
  members: string,
  { after, to }: { after: number; to: number },
): Promise<TracedSpan[]> {
  const spans: TracedSpan[] = [];
  for (let from = Math.max(0, after); from < to; from += PAGE_ROWS) {
    const page = await db
      .prepare(SELECT_LINKS)
      .bind(org, from, Math.min(to, from + PAGE_ROWS), members)
      .all<{ stored: string }>();
    for (const { stored } of page.results) spans.push(...parseLinks(stored));
  }
  return spans;
}

/**
 * What the guards of servers' calls look at, in parts: others have their turn between two. What comes meanwhile may be
 * missing here, and the guards refuse it.
 */
async function findServersRows(db: D1Database, org: string, keys: CallKeys): Promise<KnownRow[]> {
  const limit = await selectNearbyLimit(db, org, keys).first<{ rows: number }>();
  const rowsMax = limit?.rows ?? 0;
  const rows = await pagesOf((before) => selectCallers(db, org, keys, before));
  for (const range of serverRanges(keys.ranges)) {
    for (const row of await findNearby(db, org, keys, range, rowsMax)) rows.push(row);
  }
  return rows;
}

async function findNearby(
  db: D1Database,
  org: string,
  keys: CallKeys,
  { from, to }: IdRange,
  rowsMax: number,
): Promise<KnownRow[]> {
  const rows: KnownRow[] = [];
  let before = to;
  for (let left = rowsMax; left > 0; left -= NEARBY_PAGE) {
    const pageRows = Math.min(left, NEARBY_PAGE);
    const selects = selectNearbyPage(db, org, keys, { from, to: before }, pageRows);
    const [page, end] = await db.batch<unknown>(selects);
    for (const row of page!.results as KnownRow[]) rows.push(row);
    const { lastId, rows: gone } = end!.results[0] as { lastId: string | null; rows: number };
    if (lastId === null || gone < pageRows) break;
    before = lastId;
    await nextTurn();
  }
  return rows;
}

/** What comes meanwhile may be missing here too: it has a newer row of links, and is decided by that. */
async function findCallersRows(db: D1Database, org: string, keys: CallKeys): Promise<KnownRow[]> {
  const rows = await pagesOf((before) => selectCallers(db, org, keys, before));
  for (const { from, to } of keys.ranges.map(idsOf)) {
    const nearby = await pagesOf(
      (before) => selectAllNearby(db, org, keys, { from, to: before }),
      to,
    );
    for (const row of nearby) rows.push(row);
  }
  return rows;
}

/** Above every UUID in its text form. */
const AFTER_ALL_IDS = "g";

/** All rows of a statement that gives a page of those before an id, newest first. */
async function pagesOf(
  select: (before: string) => D1PreparedStatement,
  before = AFTER_ALL_IDS,
): Promise<KnownRow[]> {
  const rows: KnownRow[] = [];
  for (let last: string | undefined = before; last !== undefined; ) {
    const { results }: D1Result<KnownRow> = await select(last).all<KnownRow>();
    for (const row of results) rows.push(row);
    if (results.length < KNOWN_PAGE) break;
    last = results.at(-1)?.id;
    await nextTurn();
  }
  return rows;
}

/** Each once, though several statements found it. */
function samplesOf(found: readonly KnownRow[]): Omit<KnownCalls, "lastSeq"> {
  const rows = [...new Map(found.map((row) => [row.id, row])).values()];
  const callers = rows.filter(({ isCaller }) => isCaller === 1);
  const idOf = new Map(
    rows.flatMap((row) => countedSpan(row).map((span) => [span, row.id] as const)),
  );
  return {
    spans: [...idOf.keys()],
    ids: rows.map(({ id }) => id),
    idOf,
    callerIds: callers.map(({ id }) => id),
  };
}

/** A posted sample without a span's id tells of a call that no span is of. */
function countedSpan(row: KnownRow): TracedSpan[] {
  const { traceId, spanId, parentSpanId, tool, startMs } = row;
  if (spanId === null) return [];
  const told = {
    side: row.isCaller === 1 ? ("client" as const) : ("server" as const),
    tool,
    startMs,
    endMs: startMs + row.durationUs / 1_000,
    exchange: exchangeOf(row.sessionId, row.requestId),
    failure: null,
    standing: "counted" as const,
  };
  return [{ traceId, spanId, parentSpanId, links: [], told }];
}
