/**
 * The newest samples of a time range, no more than a page of them looks at, and from which time on they are all that
 * there are: figures are of what began since, so that the list of calls from then on has as many.
 */
import type { RangedFilter } from "#calls/samples/counted-samples.ts";
import { SCAN_ROWS_MAX } from "#calls/store/find-calls.ts";
import { behindMsAt, idFrom, idTo, timeOfId } from "#calls/store/id-skews.ts";
import { sampleConditions } from "#calls/store/sample-conditions.ts";
import type { BoundValues } from "#platform/d1/bound-values.ts";

/** When the samples that were looked at begin to be all; null where the whole range was looked at. */
export const SCANNED_TO_MS = "(SELECT from_ms FROM covered WHERE is_partial)";

/**
 * Tables of a WITH, the last of which is `matched`: `columns` of the covered samples that match, which whoever reads
 * them more than once is to materialise. What lies beyond the samples that may be looked at is found by stepping over
 * them; its calls may have begun later than its ids say. What was pruned was not looked at either: it is not the same
 * as none.
 */
export function coveredSamples(
  values: BoundValues,
  org: string,
  { fromMs, toMs, ...filter }: RangedFilter,
  columns: string,
): string {
  const range = `org = ${org} AND id < (SELECT id_to FROM range)`;
  const sinceBeyond = `${timeOfId("id")} + 1 + ${behindMsAt(org, timeOfId("id"))}`;
  return `range AS MATERIALIZED (
      SELECT asked_ms, max(asked_ms, pruned_ms) AS from_ms, ${values.integer(toMs)} AS to_ms,
        ${idFrom(values, org, fromMs)} AS id_from, ${idTo(values, org, toMs)} AS id_to
      FROM (SELECT ${values.integer(fromMs)} AS asked_ms,
        coalesce((SELECT pruned_before_ms FROM orgs WHERE org = ${org}), 0) AS pruned_ms)),
    beyond AS MATERIALIZED (
      SELECT id, ${sinceBeyond} AS since_ms FROM (
        SELECT id FROM tool_invocations WHERE ${range} AND id >= (SELECT id_from FROM range)
        ORDER BY id DESC LIMIT 1 OFFSET ${SCAN_ROWS_MAX})),
    covered AS MATERIALIZED (
      SELECT min(to_ms, max(from_ms, coalesce(since_ms, from_ms))) AS from_ms, to_ms,
        coalesce(id, id_from) AS id_from, id IS NOT NULL OR from_ms > asked_ms AS is_partial
      FROM range LEFT JOIN beyond ON true),
    matched AS (
      SELECT ${columns} FROM tool_invocations
      WHERE ${range} AND id >= (SELECT id_from FROM covered)
        AND started_at_ms >= (SELECT from_ms FROM covered) AND started_at_ms < (SELECT to_ms FROM covered)
        AND ${sampleConditions(values, filter)})`;
}
