/**
 * Looks for samples that may count a call already: refused by the transaction that would count it again,
 * and read to decide anew.
 *
 * D1 runs transactions one after the other. Of two that count the same call the later one sees the earlier
 * one's sample, whichever comes first and however close, for the look is part of the transaction.
 */
import { exchangeMember } from "#calls/pairing/call-links.ts";
import { rangesApart, type TimeRange } from "#calls/pairing/told-calls.ts";
import type { TracedSpan } from "#calls/traced-spans.ts";
import { uuid7LowerBound } from "#formats/uuid7.ts";
import { MINUTE_MS } from "#platform/time.ts";

/** What calls are known by elsewhere. */
export interface CallKeys {
  /** JSON arrays of texts. */
  traces: string;
  exchanges: string;
  ranges: readonly TimeRange[];
  /** Not posted samples, which have nothing to be held against before the org's first span. */
  areSpans: boolean;
}

/** A look-up goes through one stretch of samples rather than two that are so near. */
const GAP_MS_MAX = 10 * MINUTE_MS;

export function keysOf(
  spans: readonly TracedSpan[],
  ranges: readonly TimeRange[],
  areSpans = true,
): CallKeys {
  const traces = new Set<string>();
  const exchanges = new Set<string>();
  for (const { traceId, links, told } of spans) {
    traces.add(traceId);
    for (const link of links) traces.add(link.traceId);
    if (told?.exchange) exchanges.add(told.exchange);
  }
  return {
    traces: JSON.stringify([...traces]),
    exchanges: JSON.stringify([...exchanges]),
    ranges: rangesApart(ranges),
    areSpans,
  };
}

/** Names of a row of links that tell of one of the calls. */
export function linkMembers({ traces, exchanges }: CallKeys): string {
  const names = (JSON.parse(exchanges) as string[]).map(exchangeMember);
  return JSON.stringify([...(JSON.parse(traces) as string[]), ...names]);
}

/** An arrival without a payload: the table refuses it, and with it the whole transaction. */
export const refuseIf = (
  condition: string,
) => `INSERT INTO arrivals (org, id, received_ms, bytes, payload)
  SELECT ?1, '', 0, 0, NULL WHERE ${condition}`;

const KNOWN_COLUMNS = `t.id, t.trace_id AS traceId, t.span_id AS spanId, t.parent_span_id AS parentSpanId,
  t.tool, t.started_at_ms AS startMs, t.duration_us AS durationUs, t.session_id AS sessionId,
  t.request_id AS requestId, t.is_caller AS isCaller`;

/** Callers' samples of the traces ?2, but for the ids ?3: a seek a trace, and none before the first caller. */
const FROM_CALLERS = `FROM orgs o CROSS JOIN json_each(?2) j
  CROSS JOIN tool_invocations t INDEXED BY tool_invocations_callers
    ON t.org = ?1 AND t.trace_id = j.value AND t.is_caller = 1
  WHERE o.org = ?1 AND o.callers_since_ms IS NOT NULL AND t.id NOT IN (SELECT value FROM json_each(?3))`;

/**
 * Samples looked through for one transaction, newest first: 50 ms of D1's one thread at most. All of the half minute
 * that a call's other servers' spans may come in, for as long as the org has no more than 1,600 a second. Fewer where
 * no call had two lately would find none of a fleet that begins to send two: a second one comes seconds later, behind
 * whatever was called meanwhile.
 */
const NEARBY_MAX = 50_000;

/** Of samples, where that parameter is 0, none where the org never sent a span. */
const selectLimit = (areSpans: string) =>
  `SELECT iif(spans_since_ms IS NULL AND ${areSpans} = 0, 0, ${NEARBY_MAX}) AS rows FROM orgs WHERE org = ?1`;

/** Samples of the time ?5 to ?6 with one of the traces ?2 or of the exchanges ?4, but for the ids ?3. */
const fromNearby = (limit: string, sides = "TRUE") => `FROM (
    SELECT id, trace_id, span_id, parent_span_id, tool, started_at_ms, duration_us, session_id, request_id,
      is_caller
    FROM tool_invocations WHERE org = ?1 AND id >= ?5 AND id < ?6 ORDER BY id DESC LIMIT ${limit}) t
  WHERE (t.trace_id IN (SELECT value FROM json_each(?2)) OR (${sides} AND t.session_id IS NOT NULL
      AND t.session_id || char(10) || t.request_id IN (SELECT value FROM json_each(?4))))
    AND t.id NOT IN (SELECT value FROM json_each(?3))`;

/** Of a server's call no other server's is looked for without a trace. */
const FROM_NEARBY_SERVERS = fromNearby(`(${selectLimit("?7")})`, "t.is_caller = 1");
/** Samples that one statement goes through to read them: others wait for it. */
export const NEARBY_PAGE = 2_000;
const FROM_NEARBY_PAGE = fromNearby("?7", "t.is_caller = 1");

const REFUSE_CALLERS = refuseIf(`EXISTS (SELECT 1 ${FROM_CALLERS})`);
const REFUSE_NEARBY = refuseIf(`EXISTS (SELECT 1 ${FROM_NEARBY_SERVERS})`);
/** Samples that one statement reads: their texts are 10 ms of the Worker's one thread. */
export const KNOWN_PAGE = 2_000;
const SELECT_CALLERS = `SELECT ${KNOWN_COLUMNS} ${FROM_CALLERS} AND t.id < ?4
  ORDER BY t.id DESC LIMIT ${KNOWN_PAGE}`;
const SELECT_NEARBY_PAGE = `SELECT ${KNOWN_COLUMNS} ${FROM_NEARBY_PAGE}`;
/** What the page goes through, whether or not it matches. */
const SELECT_PAGE_END = `SELECT min(id) AS lastId, count(*) AS rows FROM (SELECT id FROM tool_invocations
  WHERE org = ?1 AND id >= ?2 AND id < ?3 ORDER BY id DESC LIMIT ?4)`;
const SELECT_NEARBY_LIMIT = selectLimit("?2");
const SELECT_ALL_NEARBY = `SELECT ${KNOWN_COLUMNS} ${fromNearby("-1")}
  ORDER BY t.id DESC LIMIT ${KNOWN_PAGE}`;

const NONE = "[]";

/** A request with spans of one of the traces, or a server's of one of the exchanges, after those read. */
const HAS_NEWER = `EXISTS (SELECT 1 FROM call_links l CROSS JOIN json_each(l.traces) k
  WHERE l.org = ?1 AND l.seq > ?2 AND k.key IN (SELECT value FROM json_each(?3)))`;
const REFUSE_NEWER = refuseIf(HAS_NEWER);

export function refuseNewer(
  db: D1Database,
  org: string,
  keys: CallKeys,
  lastSeq: number,
): D1PreparedStatement {
  return db.prepare(REFUSE_NEWER).bind(org, lastSeq, linkMembers(keys));
}

export function selectNewer(
  db: D1Database,
  org: string,
  keys: CallKeys,
  lastSeq: number,
): D1PreparedStatement {
  return db.prepare(`SELECT 1 WHERE ${HAS_NEWER}`).bind(org, lastSeq, linkMembers(keys));
}

/** Whether a caller's sample of the traces is not among the known ones. */
export function selectUnknownCaller(
  db: D1Database,
  org: string,
  { traces }: CallKeys,
  knownIds: readonly string[],
): D1PreparedStatement {
  const select = `SELECT 1 WHERE EXISTS (SELECT 1 ${FROM_CALLERS})`;
  return db.prepare(select).bind(org, traces, JSON.stringify(knownIds));
}

export function refuseCallers(
  db: D1Database,
  org: string,
  { traces }: CallKeys,
  knownIds: readonly string[],
): D1PreparedStatement {
  return db.prepare(REFUSE_CALLERS).bind(org, traces, JSON.stringify(knownIds));
}

/** Statements of the transaction that counts servers' calls: it fails if another sample may count one. */
export function refuseServers(
  db: D1Database,
  org: string,
  keys: CallKeys,
  { ids, callerIds }: { ids: readonly string[]; callerIds: readonly string[] },
): D1PreparedStatement[] {
  const nearby = nearbyStatements(db, REFUSE_NEARBY, org, keys, JSON.stringify(ids));
  return [refuseCallers(db, org, keys, callerIds), ...nearby];
}

/** Samples of callers that such a transaction may have been refused for: a page of those before an id. */
export function selectCallers(
  db: D1Database,
  org: string,
  { traces }: CallKeys,
  before: string,
): D1PreparedStatement {
  return db.prepare(SELECT_CALLERS).bind(org, traces, NONE, before);
}

/** How many samples of each range it looks through. */
export function selectNearbyLimit(
  db: D1Database,
  org: string,
  { areSpans }: CallKeys,
): D1PreparedStatement {
  return db.prepare(SELECT_NEARBY_LIMIT).bind(org, areSpans ? 1 : 0);
}

/** Ids from one up to another. */
export interface IdRange {
  from: string;
  to: string;
}

/** Of a range the newest samples that it may have been refused for, and how far down that is. */
export function selectNearbyPage(
  db: D1Database,
  org: string,
  { traces, exchanges }: CallKeys,
  { from, to }: IdRange,
  rows: number,
): [page: D1PreparedStatement, end: D1PreparedStatement] {
  const page = db.prepare(SELECT_NEARBY_PAGE).bind(org, traces, NONE, exchanges, from, to, rows);
  return [page, db.prepare(SELECT_PAGE_END).bind(org, from, to, rows)];
}

/** Of all that may count a caller's call, however many samples there are of its time: a page, newest first. */
export function selectAllNearby(
  db: D1Database,
  org: string,
  { traces, exchanges }: CallKeys,
  { from, to }: IdRange,
): D1PreparedStatement {
  return db.prepare(SELECT_ALL_NEARBY).bind(org, traces, NONE, exchanges, from, to);
}

/** Ranges gone through for servers' calls, newest first: a request that is later than that is rare. */
const SERVER_RANGES_MAX = 8;

function nearbyStatements(
  db: D1Database,
  sql: string,
  org: string,
  { traces, exchanges, ranges, areSpans }: CallKeys,
  knownIds: string,
): D1PreparedStatement[] {
  return serverRanges(ranges).map(({ from, to }) =>
    db.prepare(sql).bind(org, traces, knownIds, exchanges, from, to, areSpans ? 1 : 0),
  );
}

/** The stretches that are gone through for servers' calls. */
export function serverRanges(ranges: readonly TimeRange[]): IdRange[] {
  const wide = ranges.map(({ fromMs, toMs }) => ({ fromMs, toMs: toMs + GAP_MS_MAX }));
  const apart = rangesApart(wide).slice(-SERVER_RANGES_MAX);
  return apart.map(({ fromMs, toMs }) => idsOf({ fromMs, toMs: toMs - GAP_MS_MAX }));
}

/** The ids of samples that began within the range. */
export function idsOf({ fromMs, toMs }: TimeRange): IdRange {
  return { from: uuid7LowerBound(fromMs), to: uuid7LowerBound(toMs + 1) };
}
