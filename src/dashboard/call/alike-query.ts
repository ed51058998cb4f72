/** The calls that have something in common with one, and that one among them: in its range, or the hour around it. */
import type { FilterName } from "#dashboard/activity/activity-question.ts";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import { EVERY_PAGE, rangeOf, resolve } from "#dashboard/place/time-range.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";

const AROUND_MS = 30 * 60_000;

export function alikeQuery(
  query: ReadonlyMap<string, string>,
  { started_at }: Pick<CallAnswer, "started_at">,
  name: FilterName,
  value: string,
): Map<string, string> {
  const alike = new Map([...query].filter(([kept]) => EVERY_PAGE.includes(kept)));
  const startedMs = Date.parse(started_at);
  if (!isWithin(query, startedMs)) {
    alike.delete("last");
    alike.set("from", formatTimestamp(startedMs - AROUND_MS));
    alike.set("to", formatTimestamp(startedMs + AROUND_MS));
  }
  return alike.set(name, value);
}

/** A range that moves on with the clock is taken for what it was when the call was found in it. */
function isWithin(query: ReadonlyMap<string, string>, startedMs: number): boolean {
  const range = rangeOf(query);
  if (range.kind === "relative") return query.has("last");
  const { fromMs, toMs } = resolve(range, Number.POSITIVE_INFINITY);
  return startedMs >= fromMs && startedMs < toMs;
}
