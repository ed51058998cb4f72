/**
 * The number of each plugin that a fold counts for: activity keeps sums by it. The fold's compare-and-set makes the
 * numbers exact: no other fold can give one between this read and the write.
 */
import { type PluginNumbers, pluginNameKey } from "#calls/activity/activity-blocks.ts";
import type { SeriesName } from "#calls/arrival.ts";
import { OTHER_SERIES } from "#calls/series.ts";
import { jsonParameters } from "#platform/d1/json-parameter.ts";
import { MAY_FOLD } from "./fold-statements.ts";
import type { FoldGuard } from "./regroup.ts";

/** ?2: [position, workspace, plugin]. Those that have a number; at position -1 the next one. */
const SELECT_PLUGINS = `SELECT j.value ->> 0 AS position, p.number
  FROM jsonb_each(?2) j CROSS JOIN activity_plugins p
    ON p.org = ?1 AND p.workspace = j.value ->> 1 AND p.plugin = j.value ->> 2
  UNION ALL SELECT -1, (SELECT coalesce(max(number) + 1, 0) FROM activity_plugins WHERE org = ?1)`;

/** Row: [workspace, plugin, number]. */
const INSERT_PLUGINS = `INSERT INTO activity_plugins (org, workspace, plugin, number)
  SELECT ?1, d.value ->> 0, d.value ->> 1, d.value ->> 2 FROM jsonb_each(?4) d WHERE ${MAY_FOLD}`;

export interface FoundPlugins {
  numbers: PluginNumbers;
  next: number;
}

export const NO_PLUGINS: FoundPlugins = { numbers: new Map(), next: 0 };

export interface NumberedPlugins {
  numbers: PluginNumbers;
  /** Rows of those that had none. */
  rows: readonly string[];
}

/** Of all the names, and of `__other__`, which any of them may be counted under. */
export async function findPlugins(
  db: D1Database,
  org: string,
  names: readonly SeriesName[],
): Promise<FoundPlugins> {
  const wanted = new Map([OTHER_SERIES, ...names].map((name) => [pluginNameKey(name), name]));
  const keys = [...wanted.keys()];
  const rows = [...wanted.values()].map(([workspace, plugin], position) =>
    JSON.stringify([position, workspace, plugin]),
  );
  const numbers = new Map<string, number>();
  let next = 0;
  for (const parameter of jsonParameters(rows)) {
    const { results } = await db
      .prepare(SELECT_PLUGINS)
      .bind(org, parameter)
      .all<{ position: number; number: number }>();
    for (const { position, number } of results) {
      if (position === -1) next = number;
      else numbers.set(keys[position]!, number);
    }
  }
  return { numbers, next };
}

/** Gives a number to each plugin that something is counted for and that has none. */
export function numberPlugins(found: FoundPlugins, names: Iterable<SeriesName>): NumberedPlugins {
  const numbers = new Map(found.numbers);
  const rows: string[] = [];
  for (const name of names) {
    const key = pluginNameKey(name);
    if (numbers.has(key)) continue;
    const number = found.next + rows.length;
    numbers.set(key, number);
    rows.push(JSON.stringify([name[0], name[1], number]));
  }
  return { numbers, rows };
}

export function insertPlugins(
  db: D1Database,
  guard: FoldGuard,
  { rows }: NumberedPlugins,
): D1PreparedStatement[] {
  return jsonParameters(rows).map((parameter) =>
    db.prepare(INSERT_PLUGINS).bind(...guard, parameter),
  );
}
