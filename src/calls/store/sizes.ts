/**
 * About how many bytes an org's calls and figures take on its shard. Samples are counted exactly, for the totals
 * say how many there ever were and pruning how many left; only what a row takes is taken from some of them.
 * Rollups, activity and lag are counted of some of their windows, drawn anew each time, so that nobody can look small by
 * keeping to others.
 * What waits for the fold or for pairing, and how spans hang together, is counted by lengths that stand beside it.
 * Instances, of which there are few, are left out.
 */
import { uuid7LowerBound, uuid7TimeMs } from "#formats/uuid7.ts";

/** Samples that are looked at, one from behind each of so many points in time. */
const SAMPLES_DRAWN = 64;
/**
 * Hours, and days, whose rollups are counted, a row for each series that had calls in them: 640,000 at most. Of an
 * org with a raised limit more than 10,000 series in one hour count as so many.
 */
const WINDOWS_DRAWN = 32;
const ROLLUPS_COUNTED_MAX = 10_000;

/** A cell's pointer, its header and its part of the page's own. */
const ROW_BYTES = 24;

/**
 * What a row of so many bytes takes of a table WITHOUT ROWID with pages of 4 KiB: of what is over 1,002 bytes 489 stay,
 * with what would begin a page of its own where that are no more than 513, and the others go to pages of their own
 * (sqlite.org/fileformat2.html#cell_payload_overflow_pages).
 */
const onDisk = (
  bytes: string,
) => `iif(${bytes} <= 1002, ${bytes}, 489 + 4096 * ((${bytes} - 489) / 4092)
  + iif((${bytes} - 489) % 4092 <= 513, (${bytes} - 489) % 4092, 4096))`;

/** Pages of a table that is written in order are this full: measured, see ARCHITECTURE.md. */
const PAGE_FILL = 0.9;

const lengthOf = (columns: readonly string[]) =>
  columns.map((column) => `coalesce(octet_length(${column}), 0)`).join(" + ");

/** With the index of callers' samples, which has four of the columns once more. */
const SAMPLE_BYTES = `${ROW_BYTES} + ${lengthOf([
  "org",
  "id",
  "workspace",
  "plugin",
  "tool",
  "instance",
  "outcome",
  "actor",
  "trace_id",
  "span_id",
  "session_id",
  "request_id",
  "error_code",
  "error_hash",
  "error_fingerprint",
  "parent_span_id",
  "counted_as",
  "payload_row",
])} + 24 + iif(is_caller = 1, ${lengthOf(["org", "trace_id", "span_id", "id"])}, 0)`;
const ROLLUP_BYTES = `${ROW_BYTES} + 10 + octet_length(org) + octet_length(histogram)`;
const ACTIVITY_BYTES = `${ROW_BYTES} + ${lengthOf(["org", "totals", "plugins", "series"])}`;
const LAG_BYTES = `${ROW_BYTES} + ${lengthOf(["org", "instances"])}`;
const ID_BYTES = 16;
/** With the ids of its samples, which no column tells the length of. */
const ARRIVAL_BYTES = `${ROW_BYTES} + bytes + ${lengthOf(["org", "id", "ids"])}`;
/** With its index, and some forty small integers. */
const SERIES_BYTES = `${ROW_BYTES} + 80 + 2 * (${lengthOf(["org", "workspace", "plugin", "tool"])})
  + octet_length(histogram) + octet_length(exemplars)`;

const first = (column: string, table: string, order = "ASC") =>
  `(SELECT ${column} FROM ${table} WHERE org = ?1 ORDER BY ${column} ${order} LIMIT 1)`;

const SELECT_EXTENT = `SELECT
    (SELECT samples_pruned FROM orgs WHERE org = ?1) AS pruned,
    s.calls, s.bytes AS seriesBytes,
    (SELECT total(bytes) FROM waiting_calls WHERE org = ?1)
      + (SELECT total(octet_length(traces)) FROM call_links WHERE org = ?1) AS pairingBytes,
    (SELECT total(${onDisk(ARRIVAL_BYTES)}) FROM arrivals WHERE org = ?1) AS arrivalBytes,
    (SELECT total(octet_length(ids)) / ${ID_BYTES} FROM arrivals WHERE org = ?1) AS pending,
    ${first("id", "tool_invocations")} AS firstId, ${first("id", "tool_invocations", "DESC")} AS lastId,
    ${first("hour", "rollups_hourly")} AS firstHour, ${first("hour", "rollups_hourly", "DESC")} AS lastHour,
    ${first("day", "rollups_daily")} AS firstDay, ${first("day", "rollups_daily", "DESC")} AS lastDay,
    ${first("minute", "activity_minutes")} AS firstMinute,
    ${first("minute", "activity_minutes", "DESC")} AS lastMinute,
    ${first("quarter", "activity_quarters")} AS firstQuarter,
    ${first("quarter", "activity_quarters", "DESC")} AS lastQuarter,
    ${first("minute", "lag_minutes")} AS firstLag, ${first("minute", "lag_minutes", "DESC")} AS lastLag
  FROM (SELECT coalesce(sum(bytes), 0) AS bytes, coalesce(sum(calls), 0) AS calls
    FROM (SELECT ${SERIES_BYTES} AS bytes, ok + client_error + server_error + policy_denied
        + quota_exceeded + idempotent_replay AS calls
      FROM series WHERE org = ?1)) AS s`;

interface Extent {
  pruned: number | null;
  /** Samples that no series counts yet. */
  pending: number;
  calls: number;
  seriesBytes: number;
  pairingBytes: number;
  arrivalBytes: number;
  firstId: string | null;
  lastId: string | null;
  firstHour: number | null;
  lastHour: number | null;
  firstDay: number | null;
  lastDay: number | null;
  firstMinute: number | null;
  lastMinute: number | null;
  firstQuarter: number | null;
  lastQuarter: number | null;
  firstLag: number | null;
  lastLag: number | null;
}

/** Each value of ?2 is an id, from which on one sample is looked at. */
const DRAW_SAMPLES = `SELECT avg((SELECT ${onDisk(SAMPLE_BYTES)} FROM tool_invocations
    WHERE org = ?1 AND id >= j.value ORDER BY id LIMIT 1)) AS bytes
  FROM json_each(?2) AS j`;

/** Each value of ?2 is a window. */
const drawWindows = (
  table: string,
  window: string,
  bytes: string,
) => `SELECT sum((SELECT total(bytes)
    FROM (SELECT ${onDisk(bytes)} AS bytes FROM ${table}
      WHERE org = ?1 AND ${window} = j.value LIMIT ${ROLLUPS_COUNTED_MAX}))) AS bytes
  FROM json_each(?2) AS j`;
const DRAW_HOURS = drawWindows("rollups_hourly", "hour", ROLLUP_BYTES);
const DRAW_DAYS = drawWindows("rollups_daily", "day", ROLLUP_BYTES);
const DRAW_MINUTES = drawWindows("activity_minutes", "minute", ACTIVITY_BYTES);
const DRAW_QUARTERS = drawWindows("activity_quarters", "quarter", ACTIVITY_BYTES);

const DRAW_LAG = drawWindows("lag_minutes", "minute", LAG_BYTES);

/** Queries that `estimateBytes` sends. */
export const SIZE_QUERIES = 7;

export async function estimateBytes(db: D1Database, org: string): Promise<number> {
  const extent = await db.prepare(SELECT_EXTENT).bind(org).first<Extent>();
  if (extent === null) return 0;
  const ids = drawnTimes(extent.firstId, extent.lastId).map(uuid7LowerBound);
  const windows = [
    drawnWindows(extent.firstHour, extent.lastHour),
    drawnWindows(extent.firstDay, extent.lastDay),
    drawnWindows(extent.firstMinute, extent.lastMinute),
    drawnWindows(extent.firstQuarter, extent.lastQuarter),
    drawnWindows(extent.firstLag, extent.lastLag),
  ];
  const draws = [DRAW_HOURS, DRAW_DAYS, DRAW_MINUTES, DRAW_QUARTERS, DRAW_LAG];
  const results = await db.batch<{ bytes: number | null }>([
    db.prepare(DRAW_SAMPLES).bind(org, JSON.stringify(ids)),
    ...draws.map((draw, index) =>
      db.prepare(draw).bind(org, JSON.stringify(windows[index]!.drawn)),
    ),
  ]);
  const [sample = 0, ...ofWindows] = results.map(({ results: [row] }) => row?.bytes ?? 0);
  const samples = Math.max(0, extent.calls + extent.pending - (extent.pruned ?? 0));
  const bytes = ofWindows.reduce(
    (sum, drawn, index) => sum + windows[index]!.factor * drawn,
    samples * sample,
  );
  return (bytes + extent.seriesBytes + extent.pairingBytes + extent.arrivalBytes) / PAGE_FILL;
}

/** Points in time between the two ids, one in each of equal parts. */
function drawnTimes(firstId: string | null, lastId: string | null): number[] {
  if (firstId === null || lastId === null) return [];
  const fromMs = uuid7TimeMs(firstId);
  const partMs = (uuid7TimeMs(lastId) - fromMs) / SAMPLES_DRAWN;
  return Array.from({ length: SAMPLES_DRAWN }, (_, part) =>
    Math.floor(fromMs + (part + Math.random()) * partMs),
  );
}

/**
 * One window in each of equal parts between the two, and how many times as many there are. Where there are few,
 * all are drawn.
 */
function drawnWindows(
  first: number | null,
  last: number | null,
): { drawn: number[]; factor: number } {
  if (first === null || last === null) return { drawn: [], factor: 0 };
  const windows = last - first + 1;
  const isAll = windows <= WINDOWS_DRAWN;
  const count = isAll ? windows : WINDOWS_DRAWN;
  const drawn = Array.from({ length: count }, (_, part) =>
    isAll ? first + part : first + Math.floor(((part + Math.random()) * windows) / count),
  );
  return { drawn, factor: windows / count };
}
