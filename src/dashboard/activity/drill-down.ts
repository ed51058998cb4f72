/** From a figure to exactly its calls: what the list is asked, given what the figure was asked and which part it is. */
import { COUNTED } from "#dashboard/parts/outcomes.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { type FilterName, type PlaceQuery, SELECTION_NAMES } from "./activity-question.ts";

/** What heat map and top rows count: all but replays, unless the filter asks for these by name. */
export function outcomesCounted(query: PlaceQuery): readonly string[] {
  const filter = query.get("outcome")?.split(",") ?? [];
  return filter.includes("idempotent_replay") ? filter : COUNTED;
}

export interface Drill {
  readonly fromMs: number;
  readonly toMs: number;
  /** Left out, it is those that the filter has. */
  readonly outcomes?: readonly string[];
  readonly minDurationMs?: number | null;
  readonly maxDurationMs?: number | null;
  readonly labels?: Readonly<Partial<Record<FilterName, string>>>;
}

/** How a list is shown, and what another question has no use for. */
const OF_ONE_LIST = ["after", "last", ...SELECTION_NAMES];

/** The list's query: the figure's own filters, narrowed. */
export function drillQuery(query: PlaceQuery, drill: Drill): Map<string, string> {
  const list = narrowed(query, drill);
  for (const name of OF_ONE_LIST) list.delete(name);
  list.set("view", "calls");
  return list;
}

/** The same view, of less: what a brush means. All in one change, so that Back undoes it as one. */
export function zoomQuery(query: PlaceQuery, drill: Drill): Map<string, string> {
  const zoomed = narrowed(query, drill);
  for (const name of OF_ONE_LIST) zoomed.delete(name);
  return zoomed;
}

function narrowed(query: PlaceQuery, drill: Drill): Map<string, string> {
  const list = new Map(query);
  list.set("from", formatTimestamp(drill.fromMs));
  list.set("to", formatTimestamp(drill.toMs));
  if (drill.outcomes) list.set("outcome", bothOf(query.get("outcome"), drill.outcomes).join(","));
  const leastMs = greatest(numberOf(query.get("min_duration_ms")), drill.minDurationMs ?? null);
  const mostMs = least(numberOf(query.get("max_duration_ms")), drill.maxDurationMs ?? null);
  if (leastMs !== null) list.set("min_duration_ms", String(leastMs));
  if (mostMs !== null) list.set("max_duration_ms", String(mostMs));
  for (const [name, value] of Object.entries(drill.labels ?? {})) list.set(name, value);
  return list;
}

/** Of none in common there are no calls, and so no figure to come from: then it is the part's own. */
function bothOf(filter: string | undefined, outcomes: readonly string[]): readonly string[] {
  if (filter === undefined) return outcomes;
  const wanted = filter.split(",");
  const both = outcomes.filter((outcome) => wanted.includes(outcome));
  return both.length === 0 ? outcomes : both;
}

function numberOf(text: string | undefined): number | null {
  const value = Number(text || Number.NaN);
  return Number.isFinite(value) ? value : null;
}

function greatest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

function least(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

/** What goes along from a list to one of its calls: there it is the way to the next one, and back to the list. */
export function neighbourQuery(query: PlaceQuery): Map<string, string> {
  const left = ["by", "metric", "brush", ...SELECTION_NAMES];
  return new Map([...query].filter(([name]) => !left.includes(name)).concat([["view", "calls"]]));
}
