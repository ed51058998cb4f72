/**
 * The rows of activity that a fold touches: read, added to here, and written whole. The fold's compare-and-set makes
 * that exact, as it does for series: no other fold has written between this read and the write.
 */
import {
  type ActivityTier,
  blockOfPlugin,
  blockOfSeries,
  MINUTES,
  PLUGINS_PER_BLOCK,
  pluginNameKey,
  QUARTERS,
  SERIES_PER_BLOCK,
} from "#calls/activity/activity-blocks.ts";
import { addCells, type Cells } from "#calls/activity/activity-cells.ts";
import { mergedBlock, mergedCells } from "#calls/activity/packed-cells.ts";
import type { SeriesDelta } from "#calls/fold-delta.ts";
import { jsonParameters } from "#platform/d1/json-parameter.ts";
import { MINUTE_MS } from "#platform/time.ts";
import type { NumberedPlugins } from "./fold-plugins.ts";
import { MAY_FOLD } from "./fold-statements.ts";
import type { FoldGuard } from "./regroup.ts";

/** Rows that a statement reads: 4 MB at most of an org with a thousand calls a second. */
const ROWS_READ_MAX = 100;

/** What a fold adds to one row. */
interface BlockDelta {
  window: number;
  block: number;
  totals: Cells;
  /** By their place in the block. */
  plugins: Map<number, [Cells]>;
  /** By their place in the block; of each the minutes' as they are: most have one. */
  series: Map<number, Cells[]>;
}

interface StoredBlock {
  window: number;
  block: number;
  totals: string;
  plugins: string;
  series: string;
}

/** ?2: [window, block] of each row. */
const selectBlocks = ({ table, window }: ActivityTier) => `SELECT a.${window} AS window, a.block,
    a.totals, a.plugins, a.series
  FROM jsonb_each(?2) j CROSS JOIN ${table} a
    ON a.org = ?1 AND a.${window} = j.value ->> 0 AND a.block = j.value ->> 1`;

/** Row: [window, block, totals, plugins, series], as they are from now on. */
const upsertBlocks = ({ table, window }: ActivityTier) => `INSERT INTO ${table}
    (org, ${window}, block, totals, plugins, series)
  SELECT ?1, d.value ->> 0, d.value ->> 1, d.value ->> 2, d.value ->> 3, d.value ->> 4
  FROM jsonb_each(?4) d WHERE ${MAY_FOLD}
  ON CONFLICT (org, ${window}, block) DO UPDATE SET
    totals = excluded.totals, plugins = excluded.plugins, series = excluded.series`;

/** Raised where calls were counted whose minute nobody told. */
const RAISE_ACTIVITY_FROM = `UPDATE orgs SET activity_from_ms = max(activity_from_ms, ?4)
  WHERE org = ?1 AND ${MAY_FOLD}`;

export function raiseActivityFrom(
  db: D1Database,
  guard: FoldGuard,
  activityFromMs: number,
): D1PreparedStatement[] {
  if (activityFromMs === 0) return [];
  return [db.prepare(RAISE_ACTIVITY_FROM).bind(...guard, activityFromMs)];
}

/** The statements that add the deltas of the numbered series to minutes and quarters. */
export async function activityStatements(
  db: D1Database,
  guard: FoldGuard,
  deltas: ReadonlyMap<number, SeriesDelta>,
  plugins: NumberedPlugins,
): Promise<D1PreparedStatement[]> {
  const ofTiers = [MINUTES, QUARTERS].map(async (tier) => {
    const rows = await mergedRows(db, guard[0], tier, blockDeltas(tier, deltas, plugins));
    return jsonParameters(rows).map((parameter) =>
      db.prepare(upsertBlocks(tier)).bind(...guard, parameter),
    );
  });
  return (await Promise.all(ofTiers)).flat();
}

function blockDeltas(
  { windowMs }: ActivityTier,
  deltas: ReadonlyMap<number, SeriesDelta>,
  plugins: NumberedPlugins,
): BlockDelta[] {
  const blocks = new Map<number, BlockDelta>();
  for (const [series, delta] of deltas) {
    const plugin = plugins.numbers.get(pluginNameKey(delta.name))!;
    for (const [minute, cells] of delta.minutes) {
      const window = Math.floor((minute * MINUTE_MS) / windowMs);
      addCells(blockDelta(blocks, window, 0).totals, cells);
      addPlugin(blockDelta(blocks, window, blockOfPlugin(plugin)).plugins, plugin, cells);
      addSeries(blockDelta(blocks, window, blockOfSeries(series)).series, series, cells);
    }
  }
  return [...blocks.values()];
}

/** Of a window and a block one number: a text takes three times as long to make. */
const keyOf = (window: number, block: number) => window * 2 ** 20 + block;

function blockDelta(blocks: Map<number, BlockDelta>, window: number, block: number): BlockDelta {
  const key = keyOf(window, block);
  let known = blocks.get(key);
  if (known === undefined) {
    known = { window, block, totals: new Map(), plugins: new Map(), series: new Map() };
    blocks.set(key, known);
  }
  return known;
}

function addPlugin(plugins: BlockDelta["plugins"], plugin: number, cells: Cells): void {
  const place = plugin % PLUGINS_PER_BLOCK;
  const known = plugins.get(place);
  if (known === undefined) plugins.set(place, [new Map(cells)]);
  else addCells(known[0], cells);
}

function addSeries(ofSeries: BlockDelta["series"], series: number, cells: Cells): void {
  const place = series % SERIES_PER_BLOCK;
  const known = ofSeries.get(place);
  if (known === undefined) ofSeries.set(place, [cells]);
  else known.push(cells);
}

/** In parts, so that of what is stored no more is held at once. */
async function mergedRows(
  db: D1Database,
  org: string,
  tier: ActivityTier,
  blocks: readonly BlockDelta[],
): Promise<string[]> {
  const statement = db.prepare(selectBlocks(tier));
  const rows: string[] = [];
  for (let start = 0; start < blocks.length; start += ROWS_READ_MAX) {
    const part = blocks.slice(start, start + ROWS_READ_MAX);
    const keys = JSON.stringify(part.map(({ window, block }) => [window, block]));
    const { results } = await statement.bind(org, keys).all<StoredBlock>();
    const stored = new Map(results.map((row) => [keyOf(row.window, row.block), row]));
    for (const one of part) rows.push(mergedRow(stored.get(keyOf(one.window, one.block)), one));
  }
  return rows;
}

function mergedRow(stored: StoredBlock | undefined, delta: BlockDelta): string {
  const { window, block } = delta;
  const totals = mergedCells(stored?.totals ?? "", [delta.totals]);
  const plugins = mergedBlock(stored?.plugins ?? "", delta.plugins);
  const series = mergedBlock(stored?.series ?? "", delta.series);
  return JSON.stringify([window, block, totals, plugins, series]);
}
