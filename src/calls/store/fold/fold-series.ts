/**
 * Which series each name of a fold is counted under. A series is named once and keeps its number;
 * above the org's caps, on series and on the bytes of their names, a new one (or one that comes back
 * after 30 idle days) is counted under `__other__`. The fold's compare-and-set makes the decision exact: no other fold can add series
 * between this read and the write.
 */
import type { SeriesName } from "#calls/arrival.ts";
import { SeriesDelta } from "#calls/fold-delta.ts";
import {
  isOtherSeries,
  labelBytesOf,
  OTHER_SERIES,
  SERIES_IDLE_MS_MAX,
  type SeriesLimits,
  type SeriesUse,
} from "#calls/series.ts";
import type { ShardedOrg } from "#orgs/store/shard-orgs.ts";
import { jsonParameters } from "#platform/d1/json-parameter.ts";

const SELECT_SERIES_BY_NAME = `SELECT j.value ->> 0 AS position, s.series, s.last_seen_ms AS lastSeenMs
  FROM jsonb_each(?2) j CROSS JOIN series s INDEXED BY series_by_name
    ON s.org = ?1 AND s.workspace = j.value ->> 1 AND s.plugin = j.value ->> 2
      AND s.tool = j.value ->> 3`;

/** What the org's active series take of its caps. */
const SELECT_SERIES_USE = `SELECT count(*) AS series,
    coalesce(sum(octet_length(workspace) + octet_length(plugin) + octet_length(tool)), 0) AS labelBytes
  FROM series
  WHERE org = ?1 AND last_seen_ms > ?2 AND NOT (workspace = ?3 AND plugin = ?3 AND tool = ?3)`;

export interface FoldedOrg extends ShardedOrg, SeriesLimits {}

export interface FoundSeries {
  series: number;
  isActive: boolean;
}

export interface ResolvedSeries {
  deltas: Map<number, SeriesDelta>;
  seriesNext: number;
}

export async function resolveSeries(
  db: D1Database,
  org: FoldedOrg,
  seriesNext: number,
  deltas: readonly SeriesDelta[],
  nowMs: number,
): Promise<ResolvedSeries> {
  const idleBeforeMs = nowMs - SERIES_IDLE_MS_MAX;
  const names = [OTHER_SERIES, ...deltas.map(({ name }) => name)];
  const [foundOther, ...found] = await findSeries(db, org.org, names, idleBeforeMs);
  const isEntering = (delta: SeriesDelta, index: number) =>
    !found[index]?.isActive && !isOtherSeries(delta.name);
  const entering = deltas.filter(isEntering);
  const turnedAway =
    entering.length === 0
      ? new Set<SeriesDelta>()
      : beyondLimits(entering, org, await findSeriesUse(db, org.org, idleBeforeMs));
  const counted: ResolvedSeries = { deltas: new Map(), seriesNext };
  const other = new SeriesDelta(OTHER_SERIES);
  deltas.forEach((delta, index) => {
    if (turnedAway.has(delta) || isOtherSeries(delta.name)) other.merge(delta);
    else counted.deltas.set(found[index]?.series ?? counted.seriesNext++, delta);
  });
  if (other.hours.size > 0) {
    counted.deltas.set(foundOther?.series ?? counted.seriesNext++, other);
  }
  return counted;
}

export async function findSeries(
  db: D1Database,
  org: string,
  names: readonly SeriesName[],
  idleBeforeMs: number,
): Promise<(FoundSeries | undefined)[]> {
  const found: (FoundSeries | undefined)[] = new Array(names.length).fill(undefined);
  const rows = names.map((name, position) => JSON.stringify([position, ...name]));
  for (const parameter of jsonParameters(rows)) {
    const { results } = await db
      .prepare(SELECT_SERIES_BY_NAME)
      .bind(org, parameter)
      .all<{ position: number; series: number; lastSeenMs: number }>();
    for (const { position, series, lastSeenMs } of results) {
      found[position] = { series, isActive: lastSeenMs > idleBeforeMs };
    }
  }
  return found;
}

/** Reads each of an org's series. */
export async function findSeriesUse(
  db: D1Database,
  org: string,
  idleBeforeMs: number,
): Promise<SeriesUse> {
  const row = await db
    .prepare(SELECT_SERIES_USE)
    .bind(org, idleBeforeMs, OTHER_SERIES[0])
    .first<SeriesUse>();
  return row ?? { series: 0, labelBytes: 0 };
}

/** In order: where a long name finds no room, a short one behind it may. */
function beyondLimits(
  entering: readonly SeriesDelta[],
  { seriesMax, seriesLabelBytesMax }: SeriesLimits,
  { series, labelBytes }: SeriesUse,
): Set<SeriesDelta> {
  let [seriesRoom, bytesRoom] = [seriesMax - series, seriesLabelBytesMax - labelBytes];
  const isTurnedAway = ({ name }: SeriesDelta) => {
    const bytes = labelBytesOf(name);
    if (seriesRoom < 1 || bytesRoom < bytes) return true;
    seriesRoom -= 1;
    bytesRoom -= bytes;
    return false;
  };
  return new Set(entering.filter(isTurnedAway));
}
