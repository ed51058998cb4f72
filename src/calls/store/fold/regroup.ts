/**
 * Rewrites the arrivals that a fold read, in one transaction that takes a fold number: nothing is counted
 * yet, nothing is lost.
 */
import { type Arrival, arrivalKey, callsOfGroup } from "#calls/arrival.ts";
import { ID_DIGITS, idsBySeries } from "#calls/counted-as.ts";
import { regroupedArrivals, strippedArrival } from "#calls/regrouped-arrivals.ts";
import {
  fitsParameter,
  jsonParameters,
  PARAMETER_BYTES_MAX,
  utf8Bytes,
} from "#platform/d1/json-parameter.ts";
import type { ParsedArrivalRow } from "./backlog.ts";
import { findIds } from "./fold-marks.ts";
import { MAY_FOLD } from "./fold-statements.ts";

/** Row: [id, payload]. */
const STRIP_ARRIVALS = `UPDATE arrivals SET payload = j.value ->> 1, bytes = length(j.value ->> 1), ids = NULL
  FROM jsonb_each(?4) j
  WHERE arrivals.org = ?1 AND arrivals.id = j.value ->> 0 AND ${MAY_FOLD}`;

export const INSERT_REWRITTEN = `INSERT INTO arrivals (org, id, received_ms, bytes, payload, ids)
  SELECT ?1, ?4, ?5, ?6, ?7, unhex(?8) WHERE ${MAY_FOLD}`;

export type FoldGuard = readonly [org: string, generation: number, folds: number];

/** All but the last statement: that takes a fold number. */
export async function regroupStatements(
  db: D1Database,
  guard: FoldGuard,
  arrived: readonly ParsedArrivalRow[],
  seriesMax: number,
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
    ...regroupedRows(arrivals, ids, seriesMax).map(({ payload, ids: ofNames }, index) => {
      const id = idBehind(arrived[0]!.id, guard[2], index);
      const row = [id, receivedMs, utf8Bytes(payload), payload, ofNames];
      return db.prepare(INSERT_REWRITTEN).bind(...guard, ...row);
    }),
  ];
}

/** Before that of any later arrival (arrival-id.ts), and never twice: a fold number is taken once. */
function idBehind(firstId: string, folds: number, index: number): string {
  return `${firstId}-${folds}-${String(index).padStart(4, "0")}`;
}

/** Eight numbers, of which three are microseconds. */
const GROUP_BYTES_MAX = 64;

/** The oldest, at least one, until one of their series has more groups, and ids of its calls, than a row can hold. */
export function oldestThatFit(arrived: readonly ParsedArrivalRow[]): readonly ParsedArrivalRow[] {
  const bytes = new Map<string, number>();
  for (const [at, { arrival }] of arrived.entries()) {
    const [, , , , names, groups] = arrival;
    const keys = names.map(arrivalKey);
    for (const group of groups) {
      const key = keys[group[0]]!;
      const own = GROUP_BYTES_MAX + ID_DIGITS * callsOfGroup(group);
      bytes.set(key, (bytes.get(key) ?? 0) + own);
    }
    if (at > 0 && keys.some((key) => bytes.get(key)! > PARAMETER_BYTES_MAX)) {
      return arrived.slice(0, at);
    }
  }
  return arrived;
}

interface RewrittenRow {
  payload: string;
  /** Of its samples, as hex. */
  ids: string;
}

/** Rows hold fewer series where names are long or calls are many: only these, for each row is a statement. */
function regroupedRows(
  arrivals: readonly Arrival[],
  ids: ReadonlyMap<string, string>,
  seriesMax: number,
): RewrittenRow[] {
  return regroupedArrivals(arrivals, seriesMax).flatMap((arrival) => {
    const [, , , , names] = arrival;
    const ofNames = names.map((name) => ids.get(arrivalKey(name)) ?? "");
    const row = { payload: JSON.stringify(arrival), ids: ofNames.join("") };
    if (names.length === 1 || fitsRow(row)) return [row];
    return regroupedRows([arrival], ids, Math.ceil(names.length / 2));
  });
}

/** D1 takes no row that is larger than what it takes as a bound value. */
function fitsRow({ payload, ids }: RewrittenRow): boolean {
  if (!fitsParameter(payload) || !fitsParameter(ids)) return false;
  return ids === "" || utf8Bytes(payload) + ids.length / 2 <= PARAMETER_BYTES_MAX;
}

/** By `arrivalKey`, the ids of its samples in all of the arrivals, as hex. */
export async function gatheredIds(
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
