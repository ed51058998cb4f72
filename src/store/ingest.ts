/**
 * Makes a report durable: its samples, and the arrival that will count them, in one transaction.
 *
 * Exactly-once rests on one key. The transaction inserts samples without an "or ignore": a sample
 * that is there already aborts it whole, and the arrival with it. The ids that are there are then
 * left out and the rest is tried again. So an arrival never counts a sample that was not inserted by
 * its own transaction, whoever resends what, how often and how concurrently.
 */
import { buildArrival, type ReportHeader } from "../domain/arrival.ts";
import type { Invocation } from "../domain/invocation.ts";
import { uuid7FromRandom, uuid7TimeMs } from "../spec/uuid7.ts";
import { fitsParameter, jsonParameters, utf8Bytes } from "./json-parameter.ts";
import { findShardOrg, type ShardedOrg } from "./shard-orgs.ts";

/** Each failed try drops the ids that a concurrent copy won; beyond this many the caller is told to come back. */
const TRIES_MAX = 8;

export type IngestResult =
  | { kind: "stored"; accepted: number; duplicates: number; pruned: readonly Invocation[] }
  | { kind: "org_gone" }
  | { kind: "contended" };

const ORG_TAKES_WRITES = `EXISTS (SELECT 1 FROM orgs
  WHERE org = ?1 AND generation = ?2 AND state = 'active' AND pruned_before_ms <= ?3)`;

const INSERT_ARRIVAL = `INSERT INTO arrivals (org, id, received_ms, bytes, payload)
  SELECT ?1, ?4, ?5, ?6, ?7 WHERE ${ORG_TAKES_WRITES}`;

const SAMPLE_COLUMNS = `id, workspace, plugin, tool, started_at_ms, duration_us, outcome, actor,
  trace_id, span_id, session_id, request_id, request_bytes, response_bytes, error_code, error_hash,
  error_fingerprint`;
const SAMPLE_VALUES = Array.from({ length: 17 }, (_, column) => `s.value ->> ${column}`).join(", ");

/** jsonb_each: json_each renders each row to text, to be parsed again for every column (1.6 times the time). */
const INSERT_SAMPLES = `INSERT INTO tool_invocations (org, instance, ingested_at_ms, ${SAMPLE_COLUMNS})
  SELECT ?1, ?4, ?5, ${SAMPLE_VALUES} FROM jsonb_each(?6) s WHERE ${ORG_TAKES_WRITES}`;

/** CROSS JOIN: a key look-up an id. Left to choose, SQLite scans the org's samples for every id. */
const SELECT_PRESENT = `SELECT t.id FROM json_each(?2) j
  CROSS JOIN tool_invocations t ON t.org = ?1 AND t.id = j.value`;

/** The invocations' ids are distinct. */
export async function insertReport(
  db: D1Database,
  org: ShardedOrg,
  header: ReportHeader,
  invocations: readonly Invocation[],
): Promise<IngestResult> {
  let fresh = invocations;
  let pruned: readonly Invocation[] = [];
  for (let attempt = 0; attempt < TRIES_MAX; attempt += 1) {
    const outcome = await tryInsert(db, org, header, fresh);
    if (outcome === "stored") {
      const duplicates = invocations.length - fresh.length - pruned.length;
      return { kind: "stored", accepted: fresh.length, duplicates, pruned };
    }
    if (outcome === "refused") {
      const shardOrg = await findShardOrg(db, org.org);
      if (shardOrg?.state !== "active" || shardOrg.generation !== org.generation) {
        return { kind: "org_gone" };
      }
      const isPruned = (invocation: Invocation) =>
        uuid7TimeMs(invocation.id) < shardOrg.prunedBeforeMs;
      pruned = [...pruned, ...fresh.filter(isPruned)];
      fresh = fresh.filter((invocation) => !isPruned(invocation));
    } else {
      fresh = fresh.filter((invocation) => !outcome.has(invocation.id));
    }
  }
  return { kind: "contended" };
}

/** "refused" by the org's row; or the ids that are there already, for which nothing was written. */
async function tryInsert(
  db: D1Database,
  org: ShardedOrg,
  header: ReportHeader,
  invocations: readonly Invocation[],
): Promise<"stored" | "refused" | Set<string>> {
  try {
    const results = await db.batch(insertStatements(db, org, header, invocations));
    return results[0]?.meta.changes === 0 ? "refused" : "stored";
  } catch (error) {
    const present = await findPresentIds(db, org.org, invocations);
    if (present.size === 0) throw error;
    return present;
  }
}

function insertStatements(
  db: D1Database,
  org: ShardedOrg,
  header: ReportHeader,
  invocations: readonly Invocation[],
): D1PreparedStatement[] {
  const oldestMs = invocations.reduce(
    (oldest, { id }) => Math.min(oldest, uuid7TimeMs(id)),
    header.receivedAtMs,
  );
  const guard = [org.org, org.generation, oldestMs] as const;
  const arrivals = arrivalPayloads(header, invocations).map((payload) => {
    const id = uuid7FromRandom(header.receivedAtMs, crypto.getRandomValues(new Uint8Array(10)));
    const bytes = utf8Bytes(payload);
    return db.prepare(INSERT_ARRIVAL).bind(...guard, id, header.receivedAtMs, bytes, payload);
  });
  const samples = jsonParameters(invocations.map(sampleRow)).map((rows) =>
    db.prepare(INSERT_SAMPLES).bind(...guard, header.instance, header.receivedAtMs, rows),
  );
  return [...arrivals, ...samples];
}

/** One payload, or several where long names would make it too large to bind. */
function arrivalPayloads(header: ReportHeader, invocations: readonly Invocation[]): string[] {
  const payload = JSON.stringify(buildArrival(header, invocations));
  if (invocations.length < 2 || fitsParameter(payload)) return [payload];
  const half = invocations.length >> 1;
  return [
    ...arrivalPayloads(header, invocations.slice(0, half)),
    ...arrivalPayloads(header, invocations.slice(half)),
  ];
}

function sampleRow(invocation: Invocation): string {
  return JSON.stringify([
    invocation.id,
    invocation.workspace,
    invocation.plugin,
    invocation.tool,
    invocation.startedAtMs,
    invocation.durationUs,
    invocation.outcome,
    invocation.actor,
    invocation.traceId,
    invocation.spanId,
    invocation.sessionId,
    invocation.requestId,
    invocation.requestBytes,
    invocation.responseBytes,
    invocation.errorCode,
    invocation.errorHash,
    invocation.errorFingerprint,
  ]);
}

async function findPresentIds(
  db: D1Database,
  org: string,
  invocations: readonly Invocation[],
): Promise<Set<string>> {
  const ids = JSON.stringify(invocations.map(({ id }) => id));
  const { results } = await db.prepare(SELECT_PRESENT).bind(org, ids).all<{ id: string }>();
  return new Set(results.map(({ id }) => id));
}
