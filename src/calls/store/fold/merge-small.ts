/**
 * Makes one arrival of many small ones, where no fold is due yet. A transaction that takes a fold number: nothing is
 * counted, nothing is lost. Only neighbours are merged, and as much as a report may hold, so that reports stay in their
 * order and what is merged costs a fold no more than what arrived so.
 */
import { type Arrival, arrivalKey, isRegrouped } from "#calls/arrival.ts";
import { FoldDelta } from "#calls/fold-delta.ts";
import { mergedArrival } from "#calls/merged-arrival.ts";
import { type ShardedOrg, type ShardOrg, selectShardOrg } from "#orgs/store/shard-orgs.ts";
import { utf8Bytes } from "#platform/d1/json-parameter.ts";
import { MINUTE_MS } from "#platform/time.ts";
import {
  ARRIVALS_READ_MAX,
  type ArrivalRow,
  type ParsedArrivalRow,
  parsedRow,
  SMALL_BYTES_MAX,
} from "./backlog.ts";
import { ADVANCE_FOLD, DELETE_ARRIVALS } from "./fold-statements.ts";
import { type FoldGuard, gatheredIds, INSERT_REWRITTEN } from "./regroup.ts";

/** Merging writes two rows: from so many on they are none a call to speak of. */
export const MERGED_MIN = 64;
/** (series, hour) and (series, minute) pairs: a report has no more, for it has no more samples. */
const PAIRS_MAX = 1_000;
/** A quarter of what a reader adds at most. */
const MERGED_BYTES_MAX = 250_000;
/** A series that is new is dated by the first of what is merged: so far off at most. */
const SPAN_MS_MAX = MINUTE_MS;
/** What a merge reads of payloads. */
const READ_BYTES_MAX = 1_000_000;

/** "few": there are not enough neighbours. */
export type MergeResult = "merged" | "contended" | "few";

/** Of what is not small no payload: it stands between. */
const SELECT_NEIGHBOURS = `SELECT id, received_ms AS receivedMs, bytes, ids IS NULL AS lacksIds,
    iif(bytes <= ${SMALL_BYTES_MAX}, payload, NULL) AS payload
  FROM arrivals WHERE org = ?1 AND id IN (
    SELECT id FROM (SELECT id, sum(iif(bytes <= ${SMALL_BYTES_MAX}, bytes, 0)) OVER (ORDER BY id) AS total
      FROM (SELECT id, bytes FROM arrivals WHERE org = ?1 ORDER BY id LIMIT ${ARRIVALS_READ_MAX}))
    WHERE total <= ${READ_BYTES_MAX})
  ORDER BY id`;

interface Neighbour extends Omit<ArrivalRow, "payload"> {
  payload: string | null;
  lacksIds: 0 | 1;
}

/** Merges the first run of neighbours that is long enough. */
export async function mergeSmall(db: D1Database, org: ShardedOrg): Promise<MergeResult> {
  const [orgs, arrivals] = await db.batch<unknown>([
    selectShardOrg(db, org.org),
    db.prepare(SELECT_NEIGHBOURS).bind(org.org),
  ]);
  const shardOrg = orgs?.results[0] as ShardOrg | undefined;
  const neighbours = (arrivals?.results ?? []) as Neighbour[];
  if (shardOrg?.state !== "active" || shardOrg.generation !== org.generation) return "few";
  if ((neighbours[0]?.id ?? "") <= shardOrg.foldThrough) return "few";
  const run = firstRun(neighbours);
  return run === null ? "few" : merge(db, org, shardOrg, run);
}

async function merge(
  db: D1Database,
  { org, generation }: ShardedOrg,
  { folds, seriesNext, foldThrough }: ShardOrg,
  run: readonly ParsedArrivalRow[],
): Promise<"merged" | "contended"> {
  const guard: FoldGuard = [org, generation, folds];
  const merged = mergedArrival(run);
  const found = await gatheredIds(db, org, run);
  const payload = JSON.stringify(merged);
  const ids = merged[4].map((name) => found.get(arrivalKey(name)) ?? "").join("");
  const oldestMs = Math.min(...run.map(({ receivedMs }) => receivedMs));
  const row = [run[0]!.id, oldestMs, utf8Bytes(payload), payload, ids];
  const results = await db.batch([
    db.prepare(DELETE_ARRIVALS).bind(...guard, JSON.stringify(run.map(({ id }) => id))),
    db.prepare(INSERT_REWRITTEN).bind(...guard, ...row),
    db.prepare(ADVANCE_FOLD).bind(...guard, seriesNext, 0, foldThrough),
  ]);
  return results.at(-1)?.meta.changes === 1 ? "merged" : "contended";
}

/** Null where none has as many as are worth it. */
function firstRun(neighbours: readonly Neighbour[]): readonly ParsedArrivalRow[] | null {
  let run = new NeighbourRun();
  for (const neighbour of neighbours) {
    const row = mergeable(neighbour);
    if (row !== null && run.takes(row)) continue;
    if (run.rows.length >= MERGED_MIN) return run.rows;
    run = new NeighbourRun();
    if (row !== null) run.takes(row);
  }
  return run.rows.length >= MERGED_MIN ? run.rows : null;
}

/** Null of what is not small, has no ids of its calls, or is a part of what several reported. */
function mergeable({ payload, lacksIds, ...row }: Neighbour): ParsedArrivalRow | null {
  if (payload === null) return null;
  const parsed = parsedRow({ ...row, payload });
  const hasCalls = callsAreIn(parsed.arrival);
  return isRegrouped(parsed.arrival) || (hasCalls && lacksIds === 1) ? null : parsed;
}

function callsAreIn([, , , , , groups]: Arrival): boolean {
  return groups.length > 0;
}

/** Neighbours that are little enough together. */
class NeighbourRun {
  readonly rows: ParsedArrivalRow[] = [];
  readonly #delta = new FoldDelta(Number.POSITIVE_INFINITY);
  #bytes = 0;

  /** False, and is as it was, where they would be too much. */
  takes(row: ParsedArrivalRow): boolean {
    const { arrival, bytes, receivedMs } = row;
    const pairs = Math.max(this.#delta.tallyCount, this.#delta.minuteCount);
    const firstMs = this.rows[0]?.receivedMs ?? receivedMs;
    if (pairs + arrival[5].length > PAIRS_MAX) return false;
    if (this.#bytes + bytes > MERGED_BYTES_MAX) return false;
    if (Math.abs(receivedMs - firstMs) > SPAN_MS_MAX) return false;
    this.#delta.add(arrival, receivedMs);
    this.#bytes += bytes;
    this.rows.push(row);
    return true;
  }
}
