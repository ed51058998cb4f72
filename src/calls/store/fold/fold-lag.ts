/**
 * The minutes of lag that a fold adds to. They are read, summed here and written whole: the fold's compare-and-set
 * holds for what was read, as for all else. A row is all instances' of a minute, so a fold of the current minute
 * writes one or two, however many gateways report.
 */

import type { InstanceDelta } from "#calls/fold-delta.ts";
import { LagTally, type StoredLag } from "#calls/lag/lag-tally.ts";
import { jsonParameters } from "#platform/d1/json-parameter.ts";
import { MAY_FOLD } from "./fold-statements.ts";
import type { FoldGuard } from "./regroup.ts";

/** CROSS JOIN: a key look-up a minute. */
const SELECT_LAG = `SELECT l.minute, json(l.instances) AS instances
  FROM json_each(?2) j CROSS JOIN lag_minutes l ON l.org = ?1 AND l.minute = j.value`;

/** Row: [minute, {instances}]. */
const UPSERT_LAG = `INSERT INTO lag_minutes (org, minute, instances)
  SELECT ?1, d.value ->> 0, jsonb_extract(d.value, '$[1]') FROM jsonb_each(?4) d WHERE ${MAY_FOLD}
  ON CONFLICT (org, minute) DO UPDATE SET instances = excluded.instances`;

export async function lagStatements(
  db: D1Database,
  guard: FoldGuard,
  instances: ReadonlyMap<string, InstanceDelta>,
): Promise<D1PreparedStatement[]> {
  const minutes = byMinute(instances);
  if (minutes.size === 0) return [];
  const { results } = await db
    .prepare(SELECT_LAG)
    .bind(guard[0], JSON.stringify([...minutes.keys()]))
    .all<{ minute: number; instances: string }>();
  for (const { minute, instances: stored } of results) {
    const tallies = minutes.get(minute)!;
    for (const [instance, lag] of Object.entries(JSON.parse(stored) as Record<string, StoredLag>)) {
      tallyOf(tallies, instance).addStored(lag);
    }
  }
  const rows = [...minutes].map(([minute, tallies]) => `[${minute},${lagText(tallies)}]`);
  return jsonParameters(rows).map((parameter) => db.prepare(UPSERT_LAG).bind(...guard, parameter));
}

type Tallies = Map<string, LagTally>;

function byMinute(instances: ReadonlyMap<string, InstanceDelta>): Map<number, Tallies> {
  const minutes = new Map<number, Tallies>();
  for (const [instance, { lagMinutes }] of instances) {
    for (const [minute, tally] of lagMinutes) {
      const tallies = minutes.get(minute) ?? new Map<string, LagTally>();
      minutes.set(minute, tallies);
      tallyOf(tallies, instance).merge(tally);
    }
  }
  return minutes;
}

function tallyOf(tallies: Tallies, instance: string): LagTally {
  const tally = tallies.get(instance) ?? new LagTally();
  tallies.set(instance, tally);
  return tally;
}

/** By hand: an instance may be called `__proto__`. */
function lagText(tallies: Tallies): string {
  const members = [...tallies].map(
    ([instance, tally]) => `${JSON.stringify(instance)}:${JSON.stringify(tally.stored())}`,
  );
  return `{${members.join()}}`;
}
