/** The ways that lead from a chart's columns: to their calls, to less of them, to what differs in them. */
import type { PlaceQuery } from "#dashboard/activity/activity-question.ts";
import { type Drill, drillQuery, zoomQuery } from "#dashboard/activity/drill-down.ts";
import { compareQuery } from "#dashboard/activity/selection-query.ts";
import { goTo, hrefOf } from "#dashboard/place/place.ts";

export function callsHref(query: PlaceQuery, drill: Drill): string {
  return hrefOf({ query: drillQuery(query, drill) });
}

/** What drawing a selection does, as the address has it. */
export type BrushUse = "zoom" | "compare";

export function brushUse(query: PlaceQuery): BrushUse {
  return query.get("brush") === "compare" ? "compare" : "zoom";
}

/** One change of the address, and so one step of Back. */
export function takeSelection(query: PlaceQuery, drill: Drill): void {
  const next = brushUse(query) === "compare" ? compareQuery(query, drill) : zoomQuery(query, drill);
  goTo(hrefOf({ query: next }));
}
