/** The statements of an ingest transaction, and what they bind. */
import { buildArrival, type ReportHeader } from "#calls/arrival.ts";
import type { Call } from "#calls/call.ts";
import type { PairedCall } from "#calls/span-pairs.ts";
import { uuid7FromRandom, uuid7TimeMs } from "#formats/uuid7.ts";
import type { ShardedOrg } from "#orgs/store/shard-orgs.ts";
import { fitsParameter, jsonParameters, utf8Bytes } from "#platform/d1/json-parameter.ts";

export interface ReportedCalls {
  header: ReportHeader;
  /** Their ids are distinct, over all reports of a transaction. */
  calls: readonly Call[];
}

const TAKES_REPORTS = `SELECT 1 FROM orgs
  WHERE org = ?1 AND generation = ?2 AND state = 'active' AND pruned_before_ms <= ?3`;
const ORG_TAKES_WRITES = `EXISTS (${TAKES_REPORTS} AND refused_since_ms IS NULL)`;

const insertArrival = (
  condition: string,
) => `INSERT INTO arrivals (org, id, received_ms, bytes, payload)
  SELECT ?1, ?4, ?5, ?6, ?7 WHERE ${condition}`;
const INSERT_ARRIVAL = insertArrival(ORG_TAKES_WRITES);
/** Of a report without samples: that an instance is alive is taken however full the shard is. */
const INSERT_HEARTBEAT = insertArrival(`EXISTS (${TAKES_REPORTS})`);

const SAMPLE_COLUMNS = `id, workspace, plugin, tool, started_at_ms, duration_us, outcome, actor,
  trace_id, span_id, session_id, request_id, request_bytes, response_bytes, error_code, error_hash,
  error_fingerprint`;
const valuesOf = (columns: number) =>
  Array.from({ length: columns }, (_, column) => `s.value ->> ${column}`).join(", ");

/** jsonb_each: json_each renders each row to text, to be parsed again for every column (1.6 times the time). */
const INSERT_SAMPLES = `INSERT INTO tool_invocations (org, ingested_at_ms, instance, ${SAMPLE_COLUMNS})
  SELECT ?1, ?4, ?6, ${valuesOf(17)} FROM jsonb_each(?5) s WHERE ${ORG_TAKES_WRITES}`;

/** Inserts samples that were spans: those of many instances at once, and with what pairs them. */
const INSERT_CALLS = `INSERT INTO tool_invocations
    (org, ingested_at_ms, ${SAMPLE_COLUMNS}, instance, parent_span_id, is_caller)
  SELECT ?1, ?4, ${valuesOf(20)} FROM jsonb_each(?5) s WHERE ${ORG_TAKES_WRITES}`;

/** The calls whose samples were spans. */
export function pairedCalls(reports: readonly ReportedCalls[]): PairedCall[] {
  const isPaired = (call: Call): call is PairedCall => call.pair !== null;
  return reports.flatMap(({ calls }) => calls.filter(isPaired));
}

export function insertStatements(
  db: D1Database,
  org: ShardedOrg,
  reports: readonly ReportedCalls[],
  pairs: readonly PairedCall[],
): D1PreparedStatement[] {
  const receivedAtMs = reports.reduce(
    (latest, { header }) => Math.max(latest, header.receivedAtMs),
    0,
  );
  // A report without calls has nothing of a time that was pruned, whatever that time is.
  const oldestMs = reports
    .flatMap(({ calls }) => calls)
    .reduce((oldest, { id }) => Math.min(oldest, uuid7TimeMs(id)), Number.MAX_SAFE_INTEGER);
  const guard = [org.org, org.generation, oldestMs] as const;
  const isEmpty = reports.every(({ calls }) => calls.length === 0);
  const arrivals = reports.flatMap(({ header, calls }) =>
    arrivalPayloads(header, calls).map((payload) => {
      const id = uuid7FromRandom(receivedAtMs, crypto.getRandomValues(new Uint8Array(10)));
      return db
        .prepare(isEmpty ? INSERT_HEARTBEAT : INSERT_ARRIVAL)
        .bind(...guard, id, receivedAtMs, utf8Bytes(payload), payload);
    }),
  );
  const calls = jsonParameters(pairs.map(callRow)).map((rows) =>
    db.prepare(INSERT_CALLS).bind(...guard, receivedAtMs, rows),
  );
  const samples = reports.flatMap(({ header, calls }) =>
    jsonParameters(calls.filter(({ pair }) => pair === null).map(sampleRow)).map((rows) =>
      db.prepare(INSERT_SAMPLES).bind(...guard, receivedAtMs, rows, header.instance),
    ),
  );
  return [...arrivals, ...calls, ...samples];
}

/** One payload, or several where long names would make it too large to bind. */
function arrivalPayloads(header: ReportHeader, calls: readonly Call[]): string[] {
  const payload = JSON.stringify(buildArrival(header, calls));
  if (calls.length < 2 || fitsParameter(payload)) return [payload];
  const half = calls.length >> 1;
  return [
    ...arrivalPayloads(header, calls.slice(0, half)),
    ...arrivalPayloads(header, calls.slice(half)),
  ];
}

function sampleRow(call: Call): string {
  return JSON.stringify(sampleValues(call));
}

function callRow(call: PairedCall): string {
  const { instance, parentSpanId, isCaller } = call.pair;
  const values = sampleValues(call);
  values.push(instance, parentSpanId, isCaller ? 1 : 0);
  return JSON.stringify(values);
}

function sampleValues(call: Call): (string | number | null)[] {
  return [
    call.id,
    call.workspace,
    call.plugin,
    call.tool,
    call.startedAtMs,
    call.durationUs,
    call.outcome,
    call.actor,
    call.traceId,
    call.spanId,
    call.sessionId,
    call.requestId,
    call.requestBytes,
    call.responseBytes,
    call.errorCode,
    call.errorHash,
    call.errorFingerprint,
  ];
}
