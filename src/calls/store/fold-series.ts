/**
 * Which series each name of a fold is counted under. A series is named once and keeps its number;
 * above the org's cap a new one (or one that comes back after 30 idle days) is counted under
 * `__other__`. The fold's compare-and-set makes the decision exact: no other fold can add series
 * between this read and the write.
 */
import type { SeriesName } from "#calls/arrival.ts";
import { SeriesDelta } from "#calls/fold-delta.ts";
import { isOtherSeries, OTHER_SERIES, SERIES_IDLE_MS_MAX } from "#calls/series.ts";
import type { ShardedOrg } from "#orgs/store/shard-orgs.ts";
import { jsonParameters } from "#platform/d1/json-parameter.ts";

const SELECT_SERIES_BY_NAME = `SELECT j.value ->> 0 AS position, s.series, s.last_seen_ms AS lastSeenMs
  FROM jsonb_each(?2) j CROSS JOIN series s INDEXED BY series_by_name
    ON s.org = ?1 AND s.workspace = j.value ->> 1 AND s.plugin = j.value ->> 2
      AND s.tool = j.value ->> 3`;

const COUNT_ACTIVE_SERIES = `SELECT count(*) AS active FROM series
  WHERE org = ?1 AND last_seen_ms > ?2 AND NOT (workspace = ?3 AND plugin = ?3 AND tool = ?3)`;

export interface FoldedOrg extends ShardedOrg {
  seriesMax: number;
}

interface Found {
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
  const entering = new Set(deltas.filter(isEntering));
  const room =
    entering.size > 0 ? org.seriesMax - (await countActiveSeries(db, org.org, idleBeforeMs)) : 0;
  const turnedAway = new Set([...entering].slice(Math.max(0, room)));
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

async function findSeries(
  db: D1Database,
  org: string,
  names: readonly SeriesName[],
  idleBeforeMs: number,
): Promise<(Found | undefined)[]> {
  const found: (Found | undefined)[] = new Array(names.length).fill(undefined);
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

async function countActiveSeries(
  db: D1Database,
  org: string,
  idleBeforeMs: number,
): Promise<number> {
  const row = await db
    .prepare(COUNT_ACTIVE_SERIES)
    .bind(org, idleBeforeMs, OTHER_SERIES[0])
    .first<{ active: number }>();
  return row?.active ?? 0;
}
