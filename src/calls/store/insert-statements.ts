/** The statements of an ingest transaction, and what they bind. */
import { buildArrival, type ReportHeader } from "#calls/arrival.ts";
import type { Call } from "#calls/call.ts";
import { type KeptPayloads, NO_PAYLOADS, type WriteGuard } from "#calls/call-payload.ts";
import { idsOfArrival } from "#calls/counted-as.ts";
import { uuid7FromRandom, uuid7TimeMs } from "#formats/uuid7.ts";
import type { ShardedOrg } from "#orgs/store/shard-orgs.ts";
import { fitsParameter, jsonParameters, utf8Bytes } from "#platform/d1/json-parameter.ts";
import { nextArrivalId } from "./arrival-id.ts";
import { raiseIdSkews } from "./id-skews.ts";

export interface ReportedCalls {
  header: ReportHeader;
  /** Their ids are distinct, over all reports of a transaction. */
  calls: readonly Call[];
  payloads?: KeptPayloads;
}

const TAKES_REPORTS = `SELECT 1 FROM orgs
  WHERE org = ?1 AND generation = ?2 AND state = 'active' AND pruned_before_ms <= ?3`;
/** Of what only an org may write that has room on its shard. */
export const ORG_TAKES_WRITES = `EXISTS (${TAKES_REPORTS} AND refused_since_ms IS NULL)`;

const insertArrival = (
  condition: string,
) => `INSERT INTO arrivals (org, id, received_ms, bytes, payload, ids)
  SELECT ?1, ${nextArrivalId("?4")}, ?5, ?6, ?7, unhex(nullif(?8, '')) WHERE ${condition}`;
const INSERT_ARRIVAL = insertArrival(ORG_TAKES_WRITES);
/** The same however full the shard is. */
export const ORG_TAKES_REPORTS = `EXISTS (${TAKES_REPORTS})`;
/**
 * Of a report without samples: that an instance is alive is taken however full the shard is. So is what waited:
 * it was acknowledged.
 */
const INSERT_ARRIVAL_ALWAYS = insertArrival(ORG_TAKES_REPORTS);

const SAMPLE_COLUMNS = `id, workspace, plugin, tool, started_at_ms, duration_us, outcome, actor,
  trace_id, span_id, session_id, request_id, request_bytes, response_bytes, error_code, error_hash,
  error_fingerprint, parent_span_id, payload_row`;
const valuesOf = (columns: number) =>
  Array.from({ length: columns }, (_, column) => `s.value ->> ${column}`).join(", ");

/** jsonb_each: json_each renders each row to text, to be parsed again for every column (1.6 times the time). */
const INSERT_SAMPLES = `INSERT INTO tool_invocations (org, ingested_at_ms, instance, ${SAMPLE_COLUMNS})
  SELECT ?1, ?4, ?6, ${valuesOf(19)} FROM jsonb_each(?5) s WHERE ${ORG_TAKES_WRITES}`;

/** Inserts samples that were spans: those of many instances at once, and with what pairs them. */
const insertCalls = (condition: string) => `INSERT INTO tool_invocations
    (org, ${SAMPLE_COLUMNS}, instance, is_caller, ingested_at_ms)
  SELECT ?1, ${valuesOf(22)} FROM jsonb_each(?4) s WHERE ${condition}`;
const INSERT_CALLS = insertCalls(ORG_TAKES_WRITES);
const INSERT_WAITED_CALLS = insertCalls(ORG_TAKES_REPORTS);

/** `haveWaited`: calls of spans that were acknowledged, which are counted though the shard is full by now. */
export function insertStatements(
  db: D1Database,
  org: ShardedOrg,
  reports: readonly ReportedCalls[],
  haveWaited = false,
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
    arrivalPayloads(header, calls).map(({ payload, ids }) => {
      const id = uuid7FromRandom(receivedAtMs, crypto.getRandomValues(new Uint8Array(10)));
      return db
        .prepare(haveWaited || isEmpty ? INSERT_ARRIVAL_ALWAYS : INSERT_ARRIVAL)
        .bind(...guard, id, receivedAtMs, utf8Bytes(payload), payload, ids);
    }),
  );
  const condition = haveWaited ? ORG_TAKES_REPORTS : ORG_TAKES_WRITES;
  const payloads = payloadStatements(db, reports, { org, oldestMs, condition });
  const rowOf = (call: Call) => payloads.rowOf.get(call.id) ?? null;
  const ofSpans = reports.flatMap(({ calls }) => calls.filter(({ span }) => span !== null));
  const calls = jsonParameters(ofSpans.map((call) => spanRow(call, rowOf(call)))).map((rows) =>
    db.prepare(haveWaited ? INSERT_WAITED_CALLS : INSERT_CALLS).bind(...guard, rows),
  );
  const samples = reports.flatMap(({ header, calls }) =>
    jsonParameters(
      calls.filter(({ span }) => span === null).map((call) => sampleRow(call, rowOf(call))),
    ).map((rows) => db.prepare(INSERT_SAMPLES).bind(...guard, receivedAtMs, rows, header.instance)),
  );
  const skews = raiseIdSkews(
    db,
    guard,
    condition,
    reports.flatMap((report) => report.calls),
  );
  return [...arrivals, ...calls, ...samples, ...skews, ...payloads.writes];
}

function payloadStatements(db: D1Database, reports: readonly ReportedCalls[], guard: WriteGuard) {
  const kept = reports.map(({ calls, payloads = NO_PAYLOADS }) =>
    payloads.rowsOf(db, guard, new Set(calls.map(({ id }) => id))),
  );
  return {
    writes: kept.flatMap(({ writes }) => writes),
    rowOf: new Map(kept.flatMap(({ rowOf }) => [...rowOf])),
  };
}

interface ArrivalPayload {
  payload: string;
  /** Of its samples, as hex (src/calls/counted-as.ts). */
  ids: string;
}

/** One payload, or several where long names would make it too large to bind. */
function arrivalPayloads(header: ReportHeader, calls: readonly Call[]): ArrivalPayload[] {
  const arrival = buildArrival(header, calls);
  const payload = JSON.stringify(arrival);
  if (calls.length < 2 || fitsParameter(payload)) {
    return [{ payload, ids: idsOfArrival(arrival, calls) }];
  }
  const half = calls.length >> 1;
  return [
    ...arrivalPayloads(header, calls.slice(0, half)),
    ...arrivalPayloads(header, calls.slice(half)),
  ];
}

function sampleRow(call: Call, payloadRow: string | null): string {
  return JSON.stringify([...sampleValues(call), payloadRow]);
}

function spanRow(call: Call, payloadRow: string | null): string {
  const values = [...sampleValues(call), payloadRow];
  const { instance, side, receivedAtMs } = call.span!;
  values.push(instance, side === "server" ? 0 : 1, receivedAtMs);
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
    call.parentSpanId,
  ];
}
