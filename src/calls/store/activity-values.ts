/**
 * The values that a filter's field has: what a combobox offers. Names are those of series, instances those that
 * reported; actors and error codes are counted of the newest samples, for nothing else knows of them.
 */
import type { CallFilter } from "#calls/call-filter.ts";
import { BoundValues } from "#platform/d1/bound-values.ts";
import { SCAN_ROWS_MAX } from "./find-calls.ts";
import { behindMsAt, idsOfTimes, timeOfId } from "./id-skews.ts";
import { sampleConditions } from "./sample-conditions.ts";

export const VALUE_FIELDS = [
  "plugin",
  "tool",
  "workspace",
  "instance",
  "actor",
  "error_code",
] as const;
export type ValueField = (typeof VALUE_FIELDS)[number];

export interface ValuesQuestion {
  field: ValueField;
  /** Characters for themselves. */
  prefix: string;
  filter: CallFilter;
  limit: number;
}

export interface ValuesAnswer {
  values: { value: string; calls: number | null }[];
  source: "series" | "instances" | "samples";
  /** Calls that began before it were not looked at; null where all were, or none had to be. */
  scannedToMs: number | null;
}

export function findValues(
  db: D1Database,
  org: string,
  question: ValuesQuestion,
): Promise<ValuesAnswer> {
  const { field } = question;
  if (field === "instance") return valuesOfInstances(db, org, question);
  const isName = field === "plugin" || field === "tool" || field === "workspace";
  return isName
    ? valuesOfSeries(db, org, field, question)
    : valuesOfSamples(db, org, field, question);
}

/** As many index rows as an org may have series are looked at, and as many again that are idle. */
const SERIES_LOOKED_MAX = 50_000;

/** By the index of names alone: 10,000 are some milliseconds. Of the filter names narrow it. */
async function valuesOfSeries(
  db: D1Database,
  org: string,
  field: "plugin" | "tool" | "workspace",
  { prefix, filter, limit }: ValuesQuestion,
): Promise<ValuesAnswer> {
  const values = new BoundValues();
  const orgPlace = values.text(org);
  const { workspace, plugin, tool } = filter;
  const names = { workspace, plugin, tool, [field]: undefined };
  const sql = `SELECT DISTINCT ${field} AS value, NULL AS calls FROM (
      SELECT workspace, plugin, tool FROM series INDEXED BY series_by_name WHERE org = ${orgPlace}
      ORDER BY workspace, plugin, tool LIMIT ${SERIES_LOOKED_MAX})
    WHERE ${sampleConditions(values, names)} AND ${begins(values, field, prefix)}
    ORDER BY 1 LIMIT ${limit}`;
  const { results } = await values.bindTo(db.prepare(sql)).all<ValuesAnswer["values"][number]>();
  return { values: results, source: "series", scannedToMs: null };
}

async function valuesOfInstances(
  db: D1Database,
  org: string,
  { prefix, limit }: ValuesQuestion,
): Promise<ValuesAnswer> {
  const values = new BoundValues();
  const sql = `SELECT instance AS value, NULL AS calls FROM instances
    WHERE org = ${values.text(org)} AND instance >= ${values.text(prefix)} AND ${begins(values, "instance", prefix)}
    ORDER BY instance LIMIT ${limit}`;
  const { results } = await values.bindTo(db.prepare(sql)).all<ValuesAnswer["values"][number]>();
  return { values: results, source: "instances", scannedToMs: null };
}

interface ScannedValue {
  value: string | null;
  calls: number;
  looked: number;
  scannedToMs: number;
}

/** The most frequent first. Replays are no calls, unless asked for, as everywhere in activity. */
async function valuesOfSamples(
  db: D1Database,
  org: string,
  column: "actor" | "error_code",
  { prefix, filter, limit }: ValuesQuestion,
): Promise<ValuesAnswer> {
  const values = new BoundValues();
  const orgPlace = values.text(org);
  const asked = {
    ...filter,
    ...(column === "actor" ? { actor: undefined } : { errorCode: undefined }),
  };
  const range = [`org = ${orgPlace}`, ...idsOfTimes(values, orgPlace, filter)].join(" AND ");
  const isCall = filter.outcomes === undefined ? "outcome <> 'idempotent_replay'" : "true";
  const oldest = timeOfId("oldest");
  const sql = `WITH counted AS MATERIALIZED (
      SELECT iif(isWanted, ${column}, NULL) AS value, count(*) AS calls,
        sum(count(*)) OVER () AS looked, min(min(id)) OVER () AS oldest
      FROM (SELECT *, ${isCall} AND ${column} <> '' AND ${sampleConditions(values, asked)}
          AND ${begins(values, column, prefix)} AS isWanted
        FROM (SELECT * FROM tool_invocations WHERE ${range} ORDER BY id DESC LIMIT ${SCAN_ROWS_MAX}))
      GROUP BY 1)
    SELECT value, calls, looked, (SELECT ${oldest} + 1 + ${behindMsAt(orgPlace, oldest)}) AS scannedToMs
    FROM counted ORDER BY value IS NULL DESC, calls DESC, value LIMIT ${limit + 1}`;
  const { results } = await values.bindTo(db.prepare(sql)).all<ScannedValue>();
  const [first] = results;
  const found = results.flatMap(({ value, calls }) => (value === null ? [] : [{ value, calls }]));
  const isWhole = (first?.looked ?? 0) < SCAN_ROWS_MAX;
  return {
    values: found.slice(0, limit),
    source: "samples",
    scannedToMs: isWhole || first === undefined ? null : first.scannedToMs,
  };
}

/** In no pattern: a prefix may have wildcards of its own. */
function begins(values: BoundValues, column: string, prefix: string): string {
  if (prefix === "") return "true";
  const place = values.text(prefix);
  return `substr(${column}, 1, length(${place})) = ${place}`;
}
