/**
 * Calls that another span counts already (src/calls/span-pairs.ts): refused by the transaction that would
 * count them again, and told apart afterwards.
 *
 * D1 runs transactions one after the other. Of two that count the same call the later one sees the earlier
 * one's sample, whichever comes first and however close, for the look is part of the transaction.
 */
import {
  childStartRanges,
  countedChildKeys,
  countedParent,
  type PairedCall,
} from "#calls/span-pairs.ts";
import { uuid7LowerBound } from "#formats/uuid7.ts";
import { jsonParameters } from "#platform/d1/json-parameter.ts";

/** Row of ?2: [id, traceId, parentSpanId, tool, instance|null]. Each takes one seek. */
const FROM_PARENTS = `FROM jsonb_each(?2) j
  CROSS JOIN tool_invocations t INDEXED BY tool_invocations_callers
    ON t.org = ?1 AND t.trace_id = j.value ->> 1 AND t.span_id = j.value ->> 2 AND t.is_caller = 1
  WHERE t.tool = j.value ->> 3 AND (j.value ->> 4 IS NULL OR t.instance = j.value ->> 4)`;

/** A child's key, as `countedChildKeys` makes it: a caller's sample is known by its process too. */
const CHILD_KEY = `t.trace_id || t.parent_span_id || '/' || t.tool ||
  iif(t.is_caller, '/by/' || t.instance, '')`;
/** Row of ?3: [fromId, toId]. What lies between these ranges is not gone through. */
const FROM_CHILDREN = `FROM json_each(?3) j
  CROSS JOIN tool_invocations t
    ON t.org = ?1 AND t.id >= j.value ->> 0 AND t.id < j.value ->> 1
  WHERE t.parent_span_id IS NOT NULL AND ${CHILD_KEY} IN (SELECT value FROM json_each(?2))`;

/** An arrival without a payload: the table refuses it, and with it the whole transaction. */
const refuseIf = (found: string) => `INSERT INTO arrivals (org, id, received_ms, bytes, payload)
  SELECT ?1, '', 0, 0, NULL WHERE EXISTS (SELECT 1 ${found})`;
const REFUSE_PARENTS = refuseIf(FROM_PARENTS);
const REFUSE_CHILDREN = refuseIf(FROM_CHILDREN);

const SELECT_WITH_PARENT = `SELECT j.value ->> 0 AS found ${FROM_PARENTS}`;
const SELECT_CHILDREN = `SELECT ${CHILD_KEY} AS found ${FROM_CHILDREN}`;

/** Statements of the ingest transaction: it fails if one of the calls is counted. */
export function refuseCounted(
  db: D1Database,
  org: string,
  calls: readonly PairedCall[],
): D1PreparedStatement[] {
  return [
    ...parentRows(calls).map((rows) => db.prepare(REFUSE_PARENTS).bind(org, rows)),
    ...childLookups(calls).map((lookup) => db.prepare(REFUSE_CHILDREN).bind(org, ...lookup)),
  ];
}

/** The ids of the calls that another span counts. */
export async function findCounted(
  db: D1Database,
  org: string,
  calls: readonly PairedCall[],
): Promise<Set<string>> {
  const parents = parentRows(calls).map((rows) => db.prepare(SELECT_WITH_PARENT).bind(org, rows));
  const children = childLookups(calls).map((lookup) =>
    db.prepare(SELECT_CHILDREN).bind(org, ...lookup),
  );
  if (parents.length + children.length === 0) return new Set();
  const results = await db.batch<{ found: string }>([...parents, ...children]);
  const found = new Set(results.flatMap((result) => result.results.map((row) => row.found)));
  const isCounted = (call: PairedCall) =>
    found.has(call.id) ||
    (call.pair.isCaller && countedChildKeys(call).some((key) => found.has(key)));
  return new Set(calls.filter(isCounted).map(({ id }) => id));
}

function parentRows(calls: readonly PairedCall[]): string[] {
  const rows: string[] = [];
  for (const call of calls) {
    const parent = countedParent(call);
    if (parent === null) continue;
    const { traceId, spanId, tool, instance } = parent;
    // Ids are hex: written so they need no escapes, and a row no JSON.stringify.
    const ids = `"${call.id}","${traceId}","${spanId}"`;
    rows.push(`[${ids},${JSON.stringify(tool)},${JSON.stringify(instance)}]`);
  }
  return jsonParameters(rows);
}

type ChildLookup = readonly [keys: string, ranges: string];

/**
 * The look-ups of callers' children. How much time they go through is up to who cuts the transactions
 * (src/otlp/span-transactions.ts).
 */
function childLookups(calls: readonly PairedCall[]): ChildLookup[] {
  const ranges = childStartRanges(calls).map(({ fromMs, toMs }) => [
    uuid7LowerBound(fromMs),
    uuid7LowerBound(toMs + 1),
  ]);
  const callers = calls.filter(({ pair }) => pair.isCaller);
  const keys = callers.flatMap((call) => countedChildKeys(call).map((key) => JSON.stringify(key)));
  return jsonParameters(keys).map((json) => [json, JSON.stringify(ranges)] as const);
}
