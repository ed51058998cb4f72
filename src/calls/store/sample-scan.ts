/**
 * Counts samples that no rollup knows of, by an actor or an instance, say: the newest of a time range, as many as a
 * page of them looks at. One statement, so what it looked at and what it counted is of one moment.
 */
import type { CallFilter } from "#calls/call-filter.ts";
import { BoundValues } from "#platform/d1/bound-values.ts";
import { SCAN_ROWS_MAX } from "./find-calls.ts";
import { behindMsAt, idsOfTimes, timeOfId } from "./id-skews.ts";
import { sampleConditions } from "./sample-conditions.ts";

/** Samples of one key: their durations are one text, for a row each would take three times as long. */
export interface ScannedGroup {
  key: string;
  calls: number;
  durationsUs: readonly number[];
}

export interface SampleScan {
  groups: ScannedGroup[];
  /** Samples that began before it were not looked at; null where all were. */
  scannedToMs: number | null;
}

interface GroupRow {
  key: string | null;
  looked: number;
  calls: number;
  durations: string;
  scannedToMs: number;
}

/**
 * `keys` are expressions of a sample's columns, of ours: a group's key is the JSON array of their values. `isTimed`:
 * whether durations are wanted.
 */
export async function scanSamples(
  db: D1Database,
  org: string,
  filter: CallFilter,
  keys: readonly string[],
  isTimed: boolean,
): Promise<SampleScan> {
  const values = new BoundValues();
  const orgPlace = values.text(org);
  const range = [`org = ${orgPlace}`, ...idsOfTimes(values, orgPlace, filter)].join(" AND ");
  const oldestMs = timeOfId("oldest");
  const sql = `SELECT key, looked, calls, durations, (SELECT ${oldestMs} + 1 + ${behindMsAt(orgPlace, oldestMs)}) AS scannedToMs
    FROM (SELECT iif(isWanted, json_array(${keys.join(", ")}), NULL) AS key, count(*) AS looked,
        total(isWanted) AS calls, min(min(id)) OVER () AS oldest,
        ${isTimed ? "json_group_array(duration_us) FILTER (WHERE isWanted)" : "'[]'"} AS durations
      FROM (SELECT *, ${sampleConditions(values, filter)} AS isWanted
        FROM (SELECT * FROM tool_invocations WHERE ${range} ORDER BY id DESC LIMIT ${SCAN_ROWS_MAX}))
      GROUP BY 1)`;
  const { results } = await values.bindTo(db.prepare(sql)).all<GroupRow>();
  const looked = results.reduce((sum, row) => sum + row.looked, 0);
  const groups = results.flatMap(({ key, calls, durations }) =>
    key === null ? [] : [{ key, calls, durationsUs: JSON.parse(durations) as number[] }],
  );
  const scannedToMs = looked < SCAN_ROWS_MAX ? null : (results[0]?.scannedToMs ?? null);
  return { groups, scannedToMs };
}
