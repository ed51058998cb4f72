/** What ingest writes besides samples, so that the spans of a call find each other: in its transaction. */
import { linkPayloads } from "#calls/pairing/call-links.ts";
import type { WaitingRow } from "#calls/pairing/waiting-calls.ts";
import type { TracedSpan } from "#calls/traced-spans.ts";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import type { ShardedOrg } from "#orgs/store/shard-orgs.ts";
import { utf8Bytes } from "#platform/d1/json-parameter.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "#platform/time.ts";

/** How long it is kept how spans hang together: a collector that was cut off for longer is looked up by names. */
export const LINKS_KEPT_MS = 15 * MINUTE_MS;
/** An org that has sent callers' spans for so long, and no server's, has none to wait for. */
const NO_SERVERS_MS = DAY_MS;
/** Times in the org's row are to the hour, so that they cost next to no writes. */
const NOTED_EACH_MS = HOUR_MS;
/** Old rows that a new one takes with it: more than one, so that a burst leaves too. */
const LINKS_DELETED_EACH = 4;

const IS_ACTIVE = "org = ?1 AND generation = ?2 AND state = 'active'";
/** What a full shard has no room for is refused as the samples are, by the same transaction (insert-calls.ts). */
const HAS_ROOM = `${IS_ACTIVE} AND refused_since_ms IS NULL`;

/** ?3 now, ?4 whether a callers' span came, ?5 a server's, ?6 one of a sampled trace. */
const NOTE_SPANS = `UPDATE orgs SET spans_since_ms = coalesce(spans_since_ms, ?3),
    callers_since_ms = coalesce(callers_since_ms, iif(?4, ?3, NULL)),
    servers_ms = iif(?5, ?3, servers_ms), sampled_ms = iif(?6, ?3, sampled_ms)
  WHERE ${IS_ACTIVE} AND (spans_since_ms IS NULL OR (?4 AND callers_since_ms IS NULL)
    OR (?5 AND servers_ms < ?3 - ${NOTED_EACH_MS}) OR (?6 AND sampled_ms < ?3 - ${NOTED_EACH_MS}))`;

/** Samples alone are no reason: an org that never sends spans is not written to. */
const NOTE_SAMPLES = `UPDATE orgs SET servers_ms = ?3
  WHERE ${IS_ACTIVE} AND spans_since_ms IS NOT NULL AND servers_ms < ?3 - ${NOTED_EACH_MS}`;

const NOTE_LATE = `UPDATE orgs SET late_calls = late_calls + ?4, late_ms = max(late_ms, ?3)
  WHERE ${IS_ACTIVE}`;

const HAS_CALLERS = `EXISTS (SELECT 1 FROM orgs WHERE ${HAS_ROOM} AND callers_since_ms IS NOT NULL)`;

const insertLinksWhere = (
  condition: string,
) => `INSERT INTO call_links (org, seq, received_ms, traces)
  SELECT ?1, (SELECT coalesce(max(seq), 0) + 1 FROM call_links WHERE org = ?1), ?3, jsonb(?4)
  WHERE ${condition}`;
const INSERT_LINKS = insertLinksWhere(HAS_CALLERS);
const INSERT_LEADING_LINKS = insertLinksWhere(`EXISTS (SELECT 1 FROM orgs WHERE ${HAS_ROOM})`);

/** The oldest rows stand first, so that where these are young nothing else is looked at. */
const DELETE_OLD_LINKS = `DELETE FROM call_links WHERE org = ?1 AND seq IN (
  SELECT seq FROM (SELECT seq, received_ms FROM call_links WHERE org = ?1 ORDER BY seq LIMIT ${LINKS_DELETED_EACH})
  WHERE received_ms < ?2 AND seq < (SELECT max(seq) FROM call_links WHERE org = ?1))`;

const INSERT_WAITING = `INSERT INTO waiting_calls (org, id, received_ms, due_ms, calls, bytes, payload)
  SELECT ?1, ?5, ?3, ?3 + iif(callers_since_ms < ?3 - ${NO_SERVERS_MS} AND servers_ms < ?3 - ${NO_SERVERS_MS}, 0, ?4),
    ?6, ?7, ?8
  FROM orgs WHERE ${HAS_ROOM}`;

export interface SpansNoted {
  hasCallers: boolean;
  hasServers: boolean;
  isSampled: boolean;
}

export function noteSpans(
  db: D1Database,
  { org, generation }: ShardedOrg,
  nowMs: number,
  { hasCallers, hasServers, isSampled }: SpansNoted,
): D1PreparedStatement {
  const noted = [hasCallers, hasServers, isSampled].map(Number);
  return db.prepare(NOTE_SPANS).bind(org, generation, nowMs, ...noted);
}

export function noteSamples(
  db: D1Database,
  { org, generation }: ShardedOrg,
  nowMs: number,
): D1PreparedStatement {
  return db.prepare(NOTE_SAMPLES).bind(org, generation, nowMs);
}

/** Of servers' calls that came after their callers' were counted, where there are any. */
export function noteLate(
  db: D1Database,
  { org, generation }: ShardedOrg,
  nowMs: number,
  { late }: { late: number },
): D1PreparedStatement[] {
  return late === 0 ? [] : [db.prepare(NOTE_LATE).bind(org, generation, nowMs, late)];
}

/**
 * Written where the org has ever sent a caller's span, this request's included: behind `noteSpans`. `areLeading`: they
 * lead to a span that another may send for the same call, and so are written in any org.
 */
export function insertLinks(
  db: D1Database,
  { org, generation }: ShardedOrg,
  nowMs: number,
  spans: readonly TracedSpan[],
  areLeading = false,
): D1PreparedStatement[] {
  const payloads = linkPayloads(spans);
  if (payloads.length === 0) return [];
  const insert = db.prepare(areLeading ? INSERT_LEADING_LINKS : INSERT_LINKS);
  return [
    ...payloads.map((payload) => insert.bind(org, generation, nowMs, payload)),
    db.prepare(DELETE_OLD_LINKS).bind(org, nowMs - LINKS_KEPT_MS),
  ];
}

export function insertWaiting(
  db: D1Database,
  { org, generation }: ShardedOrg,
  { receivedAtMs, calls, payload }: WaitingRow,
  waitMs: number,
): D1PreparedStatement {
  const id = uuid7FromRandom(receivedAtMs, crypto.getRandomValues(new Uint8Array(10)));
  return db
    .prepare(INSERT_WAITING)
    .bind(org, generation, receivedAtMs, waitMs, id, calls, utf8Bytes(payload), payload);
}
