/**
 * Which samples a fold counts under another name than their own, in its transaction: so the samples that say so are as
 * many as what it added there. Nothing is read or written where all are counted under their own, as nearly always.
 */
import { type CountedAs, countedElsewhere, idsBySeries, uuidsOf } from "#calls/counted-as.ts";
import type { SeriesDelta } from "#calls/fold-delta.ts";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import { jsonParameters } from "#platform/d1/json-parameter.ts";
import type { ParsedArrivalRow } from "./backlog.ts";
import { MAY_FOLD } from "./fold-statements.ts";
import type { FoldGuard } from "./regroup.ts";

/** As many samples as a statement marks: some 15 ms. */
const MARKED_MAX = 1_000;

/** CROSS JOIN: a key look-up an id. As hex, for D1 sends a blob as an array of numbers. */
const SELECT_IDS = `SELECT a.id, hex(a.ids) AS ids FROM json_each(?2) j
  CROSS JOIN arrivals a ON a.org = ?1 AND a.id = j.value WHERE a.ids IS NOT NULL`;

/** Row: [id, counted_as, [ids]]. */
const INSERT_MARKS = `INSERT INTO counted_marks (org, id, counted_as, ids)
  SELECT ?1, d.value ->> 0, d.value ->> 1, d.value -> 2 FROM jsonb_each(?4) d WHERE ${MAY_FOLD}`;

export async function markStatements(
  db: D1Database,
  guard: FoldGuard,
  arrived: readonly ParsedArrivalRow[],
  deltas: Iterable<SeriesDelta>,
  nowMs: number,
): Promise<D1PreparedStatement[]> {
  const elsewhere = countedElsewhere(deltas);
  if (elsewhere.size === 0) return [];
  const found = await findIds(db, guard[0], arrived);
  const marked = new Map<CountedAs, string>();
  for (const { id, arrival } of arrived) {
    for (const [key, ids] of idsBySeries(arrival, found.get(id) ?? "")) {
      const as = elsewhere.get(key);
      if (as !== undefined) marked.set(as, (marked.get(as) ?? "") + ids);
    }
  }
  const rows = [...marked].flatMap(([as, ids]) => markRows(as, uuidsOf(ids), nowMs));
  return jsonParameters(rows).map((parameter) =>
    db.prepare(INSERT_MARKS).bind(...guard, parameter),
  );
}

/** By arrival, as hex. */
export async function findIds(
  db: D1Database,
  org: string,
  arrived: readonly { id: string }[],
): Promise<Map<string, string>> {
  const { results } = await db
    .prepare(SELECT_IDS)
    .bind(org, JSON.stringify(arrived.map(({ id }) => id)))
    .all<{ id: string; ids: string }>();
  return new Map(results.map(({ id, ids }) => [id, ids]));
}

function markRows(as: CountedAs, ids: readonly string[], nowMs: number): string[] {
  const rows: string[] = [];
  for (let start = 0; start < ids.length; start += MARKED_MAX) {
    const id = uuid7FromRandom(nowMs, crypto.getRandomValues(new Uint8Array(10)));
    rows.push(JSON.stringify([id, as, ids.slice(start, start + MARKED_MAX)]));
  }
  return rows;
}
