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
import { rowsOfSamples, rowsOfSpans, type TableRows } from "./sample-rows.ts";

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

/** ?1 to ?3 are the guard's, ?4 the rows. Of an instance's own report the rest is bound once. */
const insertSamples = ({ columns, values }: TableRows) => `INSERT INTO tool_invocations
    (org, ${columns}, instance, ingested_at_ms)
  SELECT ?1, ${values}, ?5, ?6 FROM jsonb_each(?4) s WHERE ${ORG_TAKES_WRITES}`;

const insertSpans = ({ columns, values }: TableRows, condition: string) =>
  `INSERT INTO tool_invocations (org, ${columns})
  SELECT ?1, ${values} FROM jsonb_each(?4) s WHERE ${condition}`;

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
  const spans = rowsOfSpans(ofSpans, rowOf);
  const calls = jsonParameters(spans.rows).map((rows) =>
    db.prepare(insertSpans(spans, condition)).bind(...guard, rows),
  );
  const samples = reports.flatMap(({ header, calls }) => {
    const ofReport = rowsOfSamples(
      calls.filter(({ span }) => span === null),
      rowOf,
    );
    return jsonParameters(ofReport.rows).map((rows) =>
      db.prepare(insertSamples(ofReport)).bind(...guard, rows, header.instance, receivedAtMs),
    );
  });
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
