/**
 * The writes of one fold. Each is conditional on the org's fold number that the fold read, and the
 * last raises it: of two folds that read the same arrivals one commits and the other writes nothing.
 * A histogram is patched: only the buckets that the fold touched are parsed, added and put back.
 */

import { OUTCOMES } from "#calls/outcome.ts";
import { CLASSIC_COLUMNS } from "./classic-columns.ts";

export const MAY_FOLD = `EXISTS (SELECT 1 FROM orgs
  WHERE org = ?1 AND generation = ?2 AND folds = ?3 AND state = 'active')`;

/** Adds the touched buckets of `excluded.<column>` to the stored object. */
const patched = (column: string) => `${column} = jsonb_patch(${column},
    (SELECT jsonb_group_object(b.key, b.value + coalesce(${column} ->> b.key, 0))
     FROM json_each(excluded.${column}) b))`;

/** The `index`-th element of a row as JSONB, which is patched without being parsed and rendered. */
const jsonb = (index: number) => `jsonb_extract(d.value, '$[${index}]')`;

const added = (columns: readonly string[]) =>
  columns.map((column) => `${column} = ${column} + excluded.${column}`).join(", ");

/** `d.value` holds the columns from `first` on, in order. */
const fields = (count: number, first: number) =>
  Array.from({ length: count }, (_, index) => `d.value ->> ${first + index}`).join(", ");

/** A stored time that is yet to come, by ?5, was written by a clock that was ahead, and gives way. */
const newest = (column: string) =>
  `${column} = iif(${column} > ?5, excluded.${column}, max(${column}, excluded.${column}))`;

/** By such a clock nobody knows when it was, and a zero put there once its time has come would be a reset. */
const NOT_YET_TO_COME = "created_ms = iif(created_ms > ?5, NULL, created_ms)";

const OUTCOME_COLUMNS = OUTCOMES.join(", ");
/** [series, workspace, plugin, tool, created_ms, last_seen_ms, …outcomes, sum_us, …le] */
const SERIES_FIELDS = 7 + OUTCOMES.length + CLASSIC_COLUMNS.length;

/** Row: these, then {histogram}, {exemplars}. When a series was created is told once and never put later. */
export const UPSERT_SERIES = `INSERT INTO series (org, series, workspace, plugin, tool, created_ms, last_seen_ms,
    ${OUTCOME_COLUMNS}, sum_us, ${CLASSIC_COLUMNS.join(", ")}, histogram, exemplars)
  SELECT ?1, ${fields(SERIES_FIELDS, 0)}, ${jsonb(SERIES_FIELDS)}, ${jsonb(SERIES_FIELDS + 1)}
  FROM jsonb_each(?4) d WHERE ${MAY_FOLD}
  ON CONFLICT (org, series) DO UPDATE SET
    ${newest("last_seen_ms")},
    ${NOT_YET_TO_COME},
    ${added([...OUTCOMES, "sum_us", ...CLASSIC_COLUMNS])},
    ${patched("histogram")},
    exemplars = jsonb_patch(exemplars, excluded.exemplars)`;

/** Row: [series, window, …outcomes, sum_us, min_us, max_us, {histogram}]. */
const upsertRollup = (
  table: string,
  window: string,
) => `INSERT INTO ${table} (org, series, ${window}, ${OUTCOME_COLUMNS}, sum_us, min_us, max_us, histogram)
  SELECT ?1, ${fields(11, 0)}, ${jsonb(11)} FROM jsonb_each(?4) d WHERE ${MAY_FOLD}
  ON CONFLICT (org, ${window}, series) DO UPDATE SET
    ${added([...OUTCOMES, "sum_us"])},
    min_us = min(coalesce(min_us, excluded.min_us), coalesce(excluded.min_us, min_us)),
    max_us = max(coalesce(max_us, excluded.max_us), coalesce(excluded.max_us, max_us)),
    ${patched("histogram")}`;

export const UPSERT_HOURLY = upsertRollup("rollups_hourly", "hour");
export const UPSERT_DAILY = upsertRollup("rollups_daily", "day");

/** Row: [instance, last_report_ms, {reports}, dropped, lag_sum_us, {lag_histogram}, created_ms, has_departed]. */
export const UPSERT_INSTANCES = `INSERT INTO instances (org, instance, last_report_ms, reports, dropped,
    lag_sum_us, lag_histogram, created_ms, has_departed)
  SELECT ?1, d.value ->> 0, d.value ->> 1, d.value -> 2, d.value ->> 3, d.value ->> 4, ${jsonb(5)},
    d.value ->> 6, d.value ->> 7
  FROM jsonb_each(?4) d WHERE ${MAY_FOLD}
  ON CONFLICT (org, instance) DO UPDATE SET
    ${newest("last_report_ms")},
    ${NOT_YET_TO_COME},
    reports = excluded.reports,
    dropped = excluded.dropped,
    lag_sum_us = lag_sum_us + excluded.lag_sum_us,
    ${patched("lag_histogram")},
    has_departed = excluded.has_departed`;

export const DELETE_ARRIVALS = `DELETE FROM arrivals
  WHERE org = ?1 AND id IN (SELECT value FROM json_each(?4)) AND ${MAY_FOLD}`;

/** Last of the batch: a change here says that the fold is the one that counted. */
export const ADVANCE_FOLD = `UPDATE orgs SET folds = folds + 1, series_next = ?4,
    seen_until_ms = max(seen_until_ms, ?5), fold_through = ?6
  WHERE org = ?1 AND generation = ?2 AND folds = ?3 AND state = 'active'`;
