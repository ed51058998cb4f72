/** What the figures over one time axis share: which column is looked at, and what a selection of some does. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Asking } from "#dashboard/activity/asking.ts";
import { spanLabel } from "#dashboard/activity/shown-times.ts";
import { type ColumnAxis, columnTimes } from "#dashboard/charts/column-axis.ts";
import type { ColumnPlotTerms } from "#dashboard/charts/column-plot.tsx";
import { PickButton } from "./brush-tools.tsx";
import { takeSelection } from "./column-drill.ts";

interface ColumnFigure {
  readonly look: number | null;
  readonly tools: ComponentChildren;
  readonly plot: Pick<
    ColumnPlotTerms,
    "axis" | "zone" | "timeOf" | "isPicking" | "onLook" | "onSelect"
  >;
}

export function useColumnFigure({ query, zone }: Asking, axis: ColumnAxis): ColumnFigure {
  const [look, onLook] = useState<number | null>(null);
  const [isPicking, setIsPicking] = useState(false);
  const timeOf = (column: number) => spanLabel(columnTimes(axis, column), zone);
  const onSelect = (first: number, last: number) => {
    setIsPicking(false);
    takeSelection(query, columnTimes(axis, first, last));
  };
  return {
    // Of another question there may be fewer.
    look: look !== null && look < axis.columns ? look : null,
    tools: <PickButton isPicking={isPicking} onChange={setIsPicking} what="times" />,
    plot: { axis, zone, timeOf, isPicking, onLook, onSelect },
  };
}

/** Newest first, as a table is read. */
export function columnsFromEnd({ columns }: ColumnAxis): number[] {
  return Array.from({ length: columns }, (_, column) => columns - 1 - column);
}
