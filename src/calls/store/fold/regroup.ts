/**
 * Rewrites the arrivals that a fold read, in one transaction that takes a fold number: nothing is counted
 * yet, nothing is lost.
 */
import { type Arrival, arrivalKey } from "#calls/arrival.ts";
import { idsBySeries } from "#calls/counted-as.ts";
import { regroupedArrivals, strippedArrival } from "#calls/regrouped-arrivals.ts";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import { fitsParameter, jsonParameters, utf8Bytes } from "#platform/d1/json-parameter.ts";
import { findIds } from "./fold-marks.ts";
import { ADVANCE_FOLD, MAY_FOLD } from "./fold-statements.ts";

export interface ArrivalRow {
  id: string;
  receivedMs: number;
  payload: string;
}

export interface ParsedArrivalRow extends ArrivalRow {
  arrival: Arrival;
}

/** Row: [id, payload]. */
const STRIP_ARRIVALS = `UPDATE arrivals SET payload = j.value ->> 1, bytes = length(j.value ->> 1), ids = NULL
  FROM jsonb_each(?4) j
  WHERE arrivals.org = ?1 AND arrivals.id = j.value ->> 0 AND ${MAY_FOLD}`;

const INSERT_ARRIVAL = `INSERT INTO arrivals (org, id, received_ms, bytes, payload, ids)
  SELECT ?1, ?4, ?5, ?6, ?7, unhex(?8) WHERE ${MAY_FOLD}`;

export type FoldGuard = readonly [org: string, generation: number, folds: number];

/** The last statement changes a row if the rewriting took place. */
export async function regroupStatements(
  db: D1Database,
  guard: FoldGuard,
  arrived: readonly ParsedArrivalRow[],
  seriesMax: number,
  seriesNext: number,
): Promise<D1PreparedStatement[]> {
  // All get the oldest time: the watermark must not pass what is not counted yet.
  const receivedMs = Math.min(...arrived.map((row) => row.receivedMs));
  const stripped = arrived.map(({ id, arrival }) =>
    JSON.stringify([id, JSON.stringify(strippedArrival(arrival))]),
  );
  const arrivals = arrived.map(({ arrival }) => arrival);
  const ids = await gatheredIds(db, guard[0], arrived);
  return [
    ...jsonParameters(stripped).map((parameter) =>
      db.prepare(STRIP_ARRIVALS).bind(...guard, parameter),
    ),
    ...regroupedPayloads(arrivals, seriesMax).map(({ payload, arrival: [, , , , names] }) => {
      const id = uuid7FromRandom(receivedMs, crypto.getRandomValues(new Uint8Array(10)));
      const ofNames = names.map((name) => ids.get(arrivalKey(name)) ?? "").join("");
      const row = [id, receivedMs, utf8Bytes(payload), payload, ofNames];
      return db.prepare(INSERT_ARRIVAL).bind(...guard, ...row);
    }),
    db.prepare(ADVANCE_FOLD).bind(...guard, seriesNext, 0),
  ];
}

interface RegroupedPayload {
  arrival: Arrival;
  payload: string;
}

/** Payloads hold fewer series each where names are long: a payload is one bound value. */
function regroupedPayloads(arrivals: readonly Arrival[], seriesMax: number): RegroupedPayload[] {
  const regrouped = regroupedArrivals(arrivals, seriesMax).map((arrival) => ({
    arrival,
    payload: JSON.stringify(arrival),
  }));
  const fit = regrouped.every(({ payload }) => fitsParameter(payload));
  return seriesMax === 1 || fit ? regrouped : regroupedPayloads(arrivals, seriesMax >> 1);
}

/** By `arrivalKey`, the ids of its samples in all of the arrivals, as hex. */
async function gatheredIds(
  db: D1Database,
  org: string,
  arrived: readonly ParsedArrivalRow[],
): Promise<Map<string, string>> {
  const found = await findIds(db, org, arrived);
  const gathered = new Map<string, string>();
  for (const { id, arrival } of arrived) {
    for (const [key, ids] of idsBySeries(arrival, found.get(id) ?? "")) {
      gathered.set(key, (gathered.get(key) ?? "") + ids);
    }
  }
  return gathered;
}
