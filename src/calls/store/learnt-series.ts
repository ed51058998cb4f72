/**
 * Series of tools that are known before they are called: a row at zero each, so that Prometheus sees the step of
 * their first calls. It is written beside the fold and counts nothing. All that it decides by is read in its own
 * transaction, which raises the org's fold number where it changed what a fold decides by: a fold that read
 * before writes nothing, and reads again.
 */
import type { SeriesName } from "#calls/arrival.ts";
import { OUTCOMES } from "#calls/outcome.ts";
import { OTHER, SERIES_IDLE_MS_MAX } from "#calls/series.ts";
import { CLASSIC_COLUMNS } from "#calls/store/fold/classic-columns.ts";
import type { FoldedOrg } from "#calls/store/fold/fold-series.ts";
import { DAY_MS } from "#platform/time.ts";

/**
 * A tool that is listed and not called would leave with the idle ones: half of their time before, it is renewed,
 * which is a row a tool a fortnight.
 */
const RENEWAL_MS = 15 * DAY_MS;

/** Rows of `series` that a statement deletes. */
const FORGOTTEN_MAX = 1_000;

const IS_ACTIVE =
  "EXISTS (SELECT 1 FROM orgs WHERE org = ?1 AND generation = ?2 AND state = 'active')";
const NEVER_COUNTED = OUTCOMES.map((outcome) => `${outcome} = 0`).join(" AND ");

/** The names of ?3 in their order, each with its row where there is one. */
const NAMED = `jsonb_each(?3) j LEFT JOIN series s INDEXED BY series_by_name
    ON s.org = ?1 AND s.workspace = j.value ->> 0 AND s.plugin = j.value ->> 1 AND s.tool = j.value ->> 2`;

/** ?2: the names here; those that have no row, or one that is to be renewed. */
const SELECT_WANTING = `SELECT j.key AS position FROM ${NAMED.replace("?3", "?2")}
  WHERE s.series IS NULL OR s.last_seen_ms <= ?3 ORDER BY j.key`;

/**
 * Of those names that match, the first that the org's caps have room for. ?4: before it a series is idle;
 * ?5, ?6: the caps; ?7: the name of what they leave out.
 */
const fitting = (match: string) => `SELECT * FROM (
    SELECT w.*, row_number() OVER (ORDER BY position) AS place, sum(bytes) OVER (ORDER BY position) AS total
    FROM (SELECT j.key AS position, j.value ->> 0 AS workspace, j.value ->> 1 AS plugin, j.value ->> 2 AS tool,
        octet_length(j.value ->> 0) + octet_length(j.value ->> 1) + octet_length(j.value ->> 2) AS bytes, s.series
      FROM ${NAMED} WHERE ${match}) w
  ) CROSS JOIN (
    SELECT count(*) AS used,
      coalesce(sum(octet_length(workspace) + octet_length(plugin) + octet_length(tool)), 0) AS usedBytes
    FROM series WHERE org = ?1 AND last_seen_ms > ?4 AND NOT (workspace = ?7 AND plugin = ?7 AND tool = ?7)
  ) WHERE place <= ?5 - used AND total <= ?6 - usedBytes`;

/** Idle and at zero: nothing is lost with such a row, and others find its room. */
const DELETE_IDLE = `DELETE FROM series WHERE org = ?1 AND ${IS_ACTIVE} AND series IN
  (SELECT series FROM series WHERE org = ?1 AND last_seen_ms <= ?3 AND ${NEVER_COUNTED} LIMIT ${FORGOTTEN_MAX})`;

const RENEW = `UPDATE series SET last_seen_ms = max(last_seen_ms, ?5) WHERE org = ?1 AND ${IS_ACTIVE} AND series IN
  (SELECT s.series FROM ${NAMED} WHERE s.last_seen_ms > ?4)`;

/** What comes back after 30 days takes room again, and goes on from its total. */
const REVIVE = `UPDATE series SET last_seen_ms = ?8 WHERE org = ?1 AND ${IS_ACTIVE} AND series IN
  (SELECT series FROM (${fitting("s.last_seen_ms <= ?4")}))`;

const ZEROS = ["sum_us", ...OUTCOMES, ...CLASSIC_COLUMNS];

const INSERT = `INSERT INTO series (org, series, workspace, plugin, tool, created_ms, last_seen_ms,
    ${ZEROS.join(", ")}, histogram, exemplars)
  SELECT ?1, o.series_next + f.place - 1, f.workspace, f.plugin, f.tool, ?8, ?8,
    ${ZEROS.map(() => "0").join(", ")}, jsonb('{}'), jsonb('{}')
  FROM (${fitting("s.series IS NULL")}) f, orgs o
  WHERE o.org = ?1 AND o.generation = ?2 AND o.state = 'active'`;

/** Behind the statement that it is about: folds that decided by what was there before begin anew. */
const NOTE_CHANGE = "UPDATE orgs SET folds = folds + 1 WHERE org = ?1 AND changes() > 0";

const NOTE_INSERTED = `UPDATE orgs SET folds = folds + 1, series_next = series_next + changes(),
    seen_until_ms = max(seen_until_ms, ?2)
  WHERE org = ?1 AND changes() > 0`;

/** What is pending may be counted under one of them, and an answer may have said so. */
const DELETE_NAMED = `DELETE FROM series WHERE org = ?1 AND ${IS_ACTIVE} AND ${NEVER_COUNTED}
  AND NOT EXISTS (SELECT 1 FROM arrivals WHERE org = ?1) AND series IN
  (SELECT s.series FROM ${NAMED} WHERE s.series IS NOT NULL)`;

/** Puts at zero what is not there and has room. Names each once. Writes nothing where all are there. */
export async function insertLearnt(
  db: D1Database,
  { org, generation, seriesMax, seriesLabelBytesMax }: FoldedOrg,
  names: readonly SeriesName[],
  nowMs: number,
): Promise<void> {
  const { results } = await db
    .prepare(SELECT_WANTING)
    .bind(org, JSON.stringify(names), nowMs - RENEWAL_MS)
    .all<{ position: number }>();
  if (results.length === 0) return;
  const wanting = JSON.stringify(results.map(({ position }) => names[position]));
  const idleBeforeMs = nowMs - SERIES_IDLE_MS_MAX;
  const terms = [org, generation, wanting, idleBeforeMs, seriesMax, seriesLabelBytesMax, OTHER];
  await db.batch([
    db.prepare(DELETE_IDLE).bind(org, generation, idleBeforeMs),
    db.prepare(NOTE_CHANGE).bind(org),
    db.prepare(RENEW).bind(org, generation, wanting, idleBeforeMs, nowMs),
    db.prepare(REVIVE).bind(...terms, nowMs),
    db.prepare(NOTE_CHANGE).bind(org),
    db.prepare(INSERT).bind(...terms, nowMs),
    db.prepare(NOTE_INSERTED).bind(org, nowMs),
  ]);
}

/** Takes away those of them that never counted anything. False where something is pending: then none. */
export async function deleteUncounted(
  db: D1Database,
  { org, generation }: Pick<FoldedOrg, "org" | "generation">,
  names: readonly SeriesName[],
): Promise<boolean> {
  const [, , pending] = await db.batch([
    db.prepare(DELETE_NAMED).bind(org, generation, JSON.stringify(names)),
    db.prepare(NOTE_CHANGE).bind(org),
    db.prepare("SELECT 1 FROM arrivals WHERE org = ?1 LIMIT 1").bind(org),
  ]);
  return pending?.results.length === 0;
}
