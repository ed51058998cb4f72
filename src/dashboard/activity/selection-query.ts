/** A selection that is compared with what lies around it, in the address. */
import { formatTimestamp, parseTimestampMs } from "#formats/rfc3339.ts";
import { type PlaceQuery, SELECTION_NAMES } from "./activity-question.ts";
import type { Drill } from "./drill-down.ts";

/** Asks what differs in the selection; a new one replaces the old one whole. */
export function compareQuery(query: PlaceQuery, selection: Partial<Drill>): Map<string, string> {
  const compared = new Map(query);
  for (const name of [...SELECTION_NAMES, "after"]) compared.delete(name);
  compared.set("view", "compare");
  const { fromMs, toMs, minDurationMs, maxDurationMs, outcomes } = selection;
  if (fromMs !== undefined) compared.set("sel_from", formatTimestamp(fromMs));
  if (toMs !== undefined) compared.set("sel_to", formatTimestamp(toMs));
  if (minDurationMs != null) compared.set("sel_min_duration_ms", String(minDurationMs));
  if (maxDurationMs != null) compared.set("sel_max_duration_ms", String(maxDurationMs));
  if (outcomes !== undefined) compared.set("sel_outcome", outcomes.join(","));
  return compared;
}

export function selectionParams(query: PlaceQuery): Record<string, string> {
  return Object.fromEntries(
    SELECTION_NAMES.flatMap((name) => {
      const value = query.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** The selection as a part of the figure, to be drilled into. */
export function selectionDrill(query: PlaceQuery, around: { fromMs: number; toMs: number }): Drill {
  const outcomes = query.get("sel_outcome")?.split(",");
  return {
    fromMs: timeOf(query.get("sel_from")) ?? around.fromMs,
    toMs: timeOf(query.get("sel_to")) ?? around.toMs,
    minDurationMs: numberOf(query.get("sel_min_duration_ms")),
    maxDurationMs: numberOf(query.get("sel_max_duration_ms")),
    ...(outcomes === undefined ? {} : { outcomes }),
  };
}

function timeOf(text: string | undefined): number | null {
  return text === undefined ? null : (parseTimestampMs(text) ?? null);
}

function numberOf(text: string | undefined): number | null {
  return text === undefined || text === "" ? null : Number(text);
}
