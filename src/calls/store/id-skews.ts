/**
 * A range of times as a range of ids. The samples that began in an hour have ids within that hour's skew of
 * their starts, which is raised in the transaction that inserts them: whoever reads a sample reads its skew.
 * An id is never further off than an hour (ID_SKEW_MS_MAX), so two hours tell of either end of a range.
 */
import type { Call } from "#calls/call.ts";
import { idSkews } from "#calls/id-skew.ts";
import type { BoundValues } from "#platform/d1/bound-values.ts";
import { HOUR_MS } from "#platform/time.ts";

/** Writes no row unless one is exceeded. */
const raise = (condition: string) => `INSERT INTO id_skews (org, hour, ahead_ms, behind_ms)
  SELECT ?1, s.value ->> 0, s.value ->> 1, s.value ->> 2 FROM jsonb_each(?4) s WHERE ${condition}
  ON CONFLICT (org, hour) DO UPDATE SET
    ahead_ms = max(ahead_ms, excluded.ahead_ms), behind_ms = max(behind_ms, excluded.behind_ms)
  WHERE excluded.ahead_ms > ahead_ms OR excluded.behind_ms > behind_ms`;

/** Of samples that a transaction inserts under the same condition; none where their ids are of their starts. */
export function raiseIdSkews(
  db: D1Database,
  guard: readonly [string, number, number],
  condition: string,
  calls: readonly Call[],
): D1PreparedStatement[] {
  const skews = idSkews(calls);
  if (skews.length === 0) return [];
  const rows = skews.map(({ hour, aheadMs, behindMs }) => [hour, aheadMs, behindMs]);
  return [db.prepare(raise(condition)).bind(...guard, JSON.stringify(rows))];
}

/** The smallest id of a millisecond, as `uuid7LowerBound` has it. */
const lowestId = (ms: string) =>
  `printf('%08x-%04x-7000-8000-000000000000', (${ms}) >> 16, (${ms}) & 65535)`;

/** The time in an id. */
export const timeOfId = (id: string) =>
  `(('0x' || substr(${id}, 1, 8) || substr(${id}, 10, 4)) ->> '$')`;

const skewOf = (column: string, org: string, hours: string) =>
  `coalesce((SELECT max(${column}) FROM id_skews WHERE org = ${org} AND hour BETWEEN ${hours}), 0)`;

/** How much later than an id's time the calls of that id and those before may have begun. */
export const behindMsAt = (org: string, ms: string) =>
  skewOf("behind_ms", org, `(${ms}) / ${HOUR_MS} AND (${ms}) / ${HOUR_MS} + 1`);

/** How much earlier than an id's time the calls of that id and those after may have begun. */
export const aheadMsAt = (org: string, ms: string) =>
  skewOf("ahead_ms", org, `(${ms}) / ${HOUR_MS} - 1 AND (${ms}) / ${HOUR_MS}`);

/** The least id that a call which began at that time or later has. */
export function idFrom(values: BoundValues, org: string, fromMs: number): string {
  const ms = `max(0, at_ms - ${behindMsAt(org, "at_ms")})`;
  return `(SELECT ${lowestId("ms")} FROM (SELECT ${ms} AS ms FROM (SELECT ${values.integer(fromMs)} AS at_ms)))`;
}

/** What the id of a call that began before that time is below. */
export function idTo(values: BoundValues, org: string, toMs: number): string {
  const ms = `max(0, at_ms + 1 + ${aheadMsAt(org, "at_ms")})`;
  return `(SELECT ${lowestId("ms")} FROM (SELECT ${ms} AS ms FROM (SELECT ${values.integer(toMs - 1)} AS at_ms)))`;
}

/** Conditions on `id` that all calls of a time range meet. `org` is its place in the statement. */
export function idsOfTimes(
  values: BoundValues,
  org: string,
  { fromMs, toMs }: { fromMs?: number | undefined; toMs?: number | undefined },
): string[] {
  return [
    ...(fromMs === undefined ? [] : [`id >= ${idFrom(values, org, fromMs)}`]),
    ...(toMs === undefined ? [] : [`id < ${idTo(values, org, toMs)}`]),
  ];
}

/**
 * Of hours that no sample began in any more: samples are pruned by their ids, in chunks, so those that are left began
 * an hour before the first of their ids at the earliest.
 */
const PRUNE = `DELETE FROM id_skews WHERE org = ?1 AND hour < ?2 AND hour < coalesce(
  (SELECT ${timeOfId("id")} / ${HOUR_MS} - 1 FROM tool_invocations WHERE org = ?1 ORDER BY id LIMIT 1), ?2)`;

/** One an hour at most, so they all go at once. */
export async function pruneIdSkews(db: D1Database, org: string, beforeMs: number): Promise<true> {
  await db
    .prepare(PRUNE)
    .bind(org, Math.floor(beforeMs / HOUR_MS) - 1)
    .run();
  return true;
}
