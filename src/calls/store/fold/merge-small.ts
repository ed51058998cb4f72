/**
 * Makes one arrival of many small ones, where no fold is due yet. A transaction that takes a fold number: nothing is
 * counted, nothing is lost, and what is merged stands where the oldest of it stood.
 */
import { arrivalKey } from "#calls/arrival.ts";
import { mergedArrival } from "#calls/merged-arrival.ts";
import { type ShardedOrg, type ShardOrg, selectShardOrg } from "#orgs/store/shard-orgs.ts";
import { utf8Bytes } from "#platform/d1/json-parameter.ts";
import { type ArrivalRow, parsedRow, SELECT_SMALL } from "./backlog.ts";
import { ADVANCE_FOLD, DELETE_ARRIVALS } from "./fold-statements.ts";
import { type FoldGuard, fitsRow, gatheredIds, INSERT_REWRITTEN } from "./regroup.ts";

/** Merging writes two rows: from so many on they are none a call to speak of. */
export const MERGED_MIN = 64;

/** "unfit": together they are more than a row may have. */
export type MergeResult = "merged" | "contended" | "few" | "unfit";

export async function mergeSmall(db: D1Database, org: ShardedOrg): Promise<MergeResult> {
  const [orgs, arrivals] = await db.batch<unknown>([
    selectShardOrg(db, org.org),
    db.prepare(SELECT_SMALL).bind(org.org),
  ]);
  const shardOrg = orgs?.results[0] as ShardOrg | undefined;
  const arrived = ((arrivals?.results ?? []) as ArrivalRow[]).map(parsedRow);
  if (arrived.length < MERGED_MIN || shardOrg?.state !== "active") return "few";
  if (shardOrg.generation !== org.generation) return "few";
  const guard: FoldGuard = [org.org, org.generation, shardOrg.folds];
  const merged = mergedArrival(arrived);
  const ids = await gatheredIds(db, org.org, arrived);
  const payload = JSON.stringify(merged);
  const row = { payload, ids: merged[4].map((name) => ids.get(arrivalKey(name)) ?? "").join("") };
  if (!fitsRow(row)) return "unfit";
  const oldestMs = arrived.reduce(
    (oldest, { receivedMs }) => Math.min(oldest, receivedMs),
    Number.POSITIVE_INFINITY,
  );
  const results = await db.batch([
    db.prepare(DELETE_ARRIVALS).bind(...guard, JSON.stringify(arrived.map(({ id }) => id))),
    db
      .prepare(INSERT_REWRITTEN)
      .bind(...guard, arrived[0]!.id, oldestMs, utf8Bytes(payload), payload, row.ids),
    db.prepare(ADVANCE_FOLD).bind(...guard, shardOrg.seriesNext, 0, shardOrg.foldThrough),
  ]);
  return results.at(-1)?.meta.changes === 1 ? "merged" : "contended";
}
