/** Errors by fingerprint: alike messages are one group. Those that came without a message are grouped by their code. */
import { OUTCOMES, type Outcome } from "#calls/outcome.ts";
import type { RangedFilter } from "#calls/samples/counted-samples.ts";
import { BoundValues } from "#platform/d1/bound-values.ts";
import { coveredSamples, SCANNED_TO_MS } from "./covered-samples.ts";

/** Codes and tools that are told of a group: the most frequent. */
const PARTS_MAX = 5;

export interface ErrorGroup {
  /** "" for errors that came without a message: these are all of one code. */
  fingerprint: string;
  calls: number;
  firstMs: number;
  lastMs: number;
  newestId: string;
  codes: { value: string; calls: number }[];
  tools: { labels: ToolLabels; calls: number }[];
}

interface ToolLabels {
  workspace: string;
  plugin: string;
  tool: string;
}

export interface ErrorGroups {
  /** Of all groups, told or not. */
  total: { calls: number; groups: number };
  groups: ErrorGroup[];
  scannedToMs: number | null;
}

/** A row's `body` is JSON. */
interface ErrorGroupRow {
  part: "total" | "group" | "code" | "tool";
  alike: string;
  body: string;
}

/** What no fingerprint begins with, which are hexadecimal: what follows is a code. */
const OF_CODE = "/";

const COLUMNS = `id, started_at_ms, coalesce(error_fingerprint, '${OF_CODE}' || coalesce(error_code, '')) AS alike,
  coalesce(error_code, '') AS code, workspace, plugin, tool`;

/** The most frequent `columns` of each group that is told. */
const partsOf = (columns: string) => `(
  SELECT alike, ${columns}, count(*) AS calls,
    row_number() OVER (PARTITION BY alike ORDER BY count(*) DESC, ${columns}) AS place
  FROM errors WHERE alike IN (SELECT alike FROM told) GROUP BY alike, ${columns})
  WHERE place <= ${PARTS_MAX}`;

export async function findErrorGroups(
  db: D1Database,
  org: string,
  filter: RangedFilter,
  limit: number,
): Promise<ErrorGroups> {
  const values = new BoundValues();
  const outcomes = (filter.outcomes ?? OUTCOMES).filter(isError);
  const covered = coveredSamples(values, values.text(org), { ...filter, outcomes }, COLUMNS);
  const sql = `WITH ${covered}, errors AS MATERIALIZED (SELECT * FROM matched),
    told AS MATERIALIZED (
      SELECT alike, count(*) AS calls, min(started_at_ms) AS first_ms, max(started_at_ms) AS last_ms,
        max(id) AS newest_id
      FROM errors GROUP BY alike ORDER BY calls DESC, newest_id DESC LIMIT ${limit})
    SELECT 'total' AS part, '' AS alike, json_object('calls', count(*),
        'groups', count(DISTINCT alike), 'scannedToMs', ${SCANNED_TO_MS}) AS body FROM errors
    UNION ALL
    SELECT 'group', alike, json_object('calls', calls, 'firstMs', first_ms, 'lastMs', last_ms,
        'newestId', newest_id) FROM told
    UNION ALL
    SELECT 'code', alike, json_object('value', code, 'calls', calls) FROM ${partsOf("code")}
    UNION ALL
    SELECT 'tool', alike, json_object('labels',
        json_object('workspace', workspace, 'plugin', plugin, 'tool', tool), 'calls', calls)
      FROM ${partsOf("workspace, plugin, tool")}`;
  const { results } = await values.bindTo(db.prepare(sql)).all<ErrorGroupRow>();
  return errorGroups(results);
}

function isError(outcome: Outcome): boolean {
  return outcome !== "ok" && outcome !== "idempotent_replay";
}

function namedGroup(alike: string): Pick<ErrorGroup, "fingerprint" | "codes" | "tools"> {
  return { fingerprint: alike.startsWith(OF_CODE) ? "" : alike, codes: [], tools: [] };
}

/** Groups come before their parts. */
function errorGroups(rows: readonly ErrorGroupRow[]): ErrorGroups {
  const groups = new Map<string, ErrorGroup>();
  let total = { calls: 0, groups: 0, scannedToMs: null };
  for (const { part, alike, body } of rows) {
    const parsed = JSON.parse(body);
    if (part === "total") total = parsed;
    if (part === "group") groups.set(alike, { ...parsed, ...namedGroup(alike) });
    if (part === "code") groups.get(alike)?.codes.push(parsed);
    if (part === "tool") groups.get(alike)?.tools.push(parsed);
  }
  const { scannedToMs, ...counts } = total;
  return { total: counts, groups: [...groups.values()], scannedToMs };
}
