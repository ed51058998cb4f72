/**
 * Counts samples that no rollup knows of, by an actor or an instance, say: the newest of a time range, as many as a
 * page of them looks at. One statement, so what it looked at and what it counted is of one moment.
 */
import type { CallFilter } from "#calls/call-filter.ts";
import { BoundValues } from "#platform/d1/bound-values.ts";
import { SCAN_ROWS_MAX } from "./find-calls.ts";
import { behindMsAt, idsOfTimes, timeOfId } from "./id-skews.ts";
import { sampleConditions } from "./sample-conditions.ts";

/** Samples that have the group's values in common: of each the figures that were asked for, one behind the other. */
export interface ScannedGroup {
  key: readonly (string | number | null)[];
  figures: readonly number[];
}

export interface SampleScan {
  groups: ScannedGroup[];
  /** Samples that began before it were not looked at; null where all were. */
  scannedToMs: number | null;
}

interface ScannedRow {
  key: string | null;
  looked: number;
  figures: string | null;
  scannedToMs: number | null;
}

/**
 * Both are expressions of a sample's columns, of ours: those that a group has in common, and whole numbers of each
 * sample. Ungrouped it costs a row read a sample; sorting into groups costs another. One text holds a group's figures,
 * for a row a sample would take three times as long: three figures of 50,000 samples are a megabyte, of the 2 MB that
 * D1 answers a value in.
 */
export async function scanSamples(
  db: D1Database,
  org: string,
  filter: CallFilter,
  { groupBy, figures }: { groupBy: readonly string[]; figures: readonly string[] },
): Promise<SampleScan> {
  const values = new BoundValues();
  const orgPlace = values.text(org);
  const range = [`org = ${orgPlace}`, ...idsOfTimes(values, orgPlace, filter)].join(" AND ");
  const oldestMs = timeOfId("oldest");
  const key = `json_array(${groupBy.join(", ")})`;
  const isGrouped = groupBy.length > 0;
  const sql = `SELECT key, looked, figures,
      (SELECT ${oldestMs} + 1 + ${behindMsAt(orgPlace, oldestMs)}) AS scannedToMs
    FROM (SELECT ${isGrouped ? `iif(isWanted, ${key}, NULL)` : "'[]'"} AS key, count(*) AS looked,
        ${isGrouped ? "min(min(id)) OVER ()" : "min(id)"} AS oldest,
        group_concat(${figures.map((figure) => `(${figure})`).join(" || ',' || ")}, ',') FILTER (WHERE isWanted) AS figures
      FROM (SELECT *, ${sampleConditions(values, filter)} AS isWanted
        FROM (SELECT * FROM tool_invocations WHERE ${range} ORDER BY id DESC LIMIT ${SCAN_ROWS_MAX}))
      ${isGrouped ? "GROUP BY 1" : ""})`;
  const { results } = await values.bindTo(db.prepare(sql)).all<ScannedRow>();
  const looked = results.reduce((sum, row) => sum + row.looked, 0);
  const groups = results.flatMap((row) =>
    row.key === null || row.figures === null
      ? []
      : [{ key: JSON.parse(row.key), figures: JSON.parse(`[${row.figures}]`) }],
  );
  const scannedToMs = looked < SCAN_ROWS_MAX ? null : (results[0]?.scannedToMs ?? null);
  return { groups, scannedToMs };
}
