/**
 * Rewrites the arrivals that a fold read, in one transaction that takes a fold number: nothing is counted
 * yet, nothing is lost.
 */
import type { Arrival } from "#calls/arrival.ts";
import { regroupedArrivals, strippedArrival } from "#calls/regrouped-arrivals.ts";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import { fitsParameter, jsonParameters, utf8Bytes } from "#platform/d1/json-parameter.ts";
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
const STRIP_ARRIVALS = `UPDATE arrivals SET payload = j.value ->> 1, bytes = length(j.value ->> 1)
  FROM jsonb_each(?4) j
  WHERE arrivals.org = ?1 AND arrivals.id = j.value ->> 0 AND ${MAY_FOLD}`;

const INSERT_ARRIVAL = `INSERT INTO arrivals (org, id, received_ms, bytes, payload)
  SELECT ?1, ?4, ?5, ?6, ?7 WHERE ${MAY_FOLD}`;

export type FoldGuard = readonly [org: string, generation: number, folds: number];

/** The last statement changes a row if the rewriting took place. */
export function regroupStatements(
  db: D1Database,
  guard: FoldGuard,
  arrived: readonly ParsedArrivalRow[],
  seriesMax: number,
  seriesNext: number,
): D1PreparedStatement[] {
  // All get the oldest time: the watermark must not pass what is not counted yet.
  const receivedMs = Math.min(...arrived.map((row) => row.receivedMs));
  const stripped = arrived.map(({ id, arrival }) =>
    JSON.stringify([id, JSON.stringify(strippedArrival(arrival))]),
  );
  const arrivals = arrived.map(({ arrival }) => arrival);
  return [
    ...jsonParameters(stripped).map((parameter) =>
      db.prepare(STRIP_ARRIVALS).bind(...guard, parameter),
    ),
    ...regroupedPayloads(arrivals, seriesMax).map((payload) => {
      const id = uuid7FromRandom(receivedMs, crypto.getRandomValues(new Uint8Array(10)));
      return db.prepare(INSERT_ARRIVAL).bind(...guard, id, receivedMs, utf8Bytes(payload), payload);
    }),
    db.prepare(ADVANCE_FOLD).bind(...guard, seriesNext, 0),
  ];
}

/** Payloads hold fewer series each where names are long: a payload is one bound value. */
function regroupedPayloads(arrivals: readonly Arrival[], seriesMax: number): string[] {
  const payloads = regroupedArrivals(arrivals, seriesMax).map((arrival) => JSON.stringify(arrival));
  if (seriesMax === 1 || payloads.every(fitsParameter)) return payloads;
  return regroupedPayloads(arrivals, seriesMax >> 1);
}
