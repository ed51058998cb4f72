/**
 * What all charts over columns share: axes, one tab stop with arrows, a real link a column and part, and the brush.
 * Marks are drawn below the links; what a link's own mark is comes with it.
 */

import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { announce } from "#dashboard/parts/status.tsx";
import { Link } from "#dashboard/place/link.tsx";
import type { Zone } from "#dashboard/place/time-range.ts";
import { ColumnStates, TimeAxis, ValueAxis, type ValueTick } from "./axes.tsx";
import { type ColumnAxis, cellAt, columnLeft } from "./column-axis.ts";
import { boxHeight, type PlotBox, plotBox } from "./plot-box.ts";
import { UNHEARD } from "./unheard.ts";
import { type BrushSpan, useBrush } from "./use-brush.ts";
import { useWidth } from "./use-width.ts";

/** A part of a column that leads to its calls: the whole column is level 0, its segments come above. */
export interface ColumnPart {
  readonly level: number;
  /** Null where there is nothing to lead to. */
  readonly href: string | null;
  readonly label: string;
  /** What is drawn; of the whole column an area that takes the pointer. */
  readonly mark: ComponentChildren;
}

export interface ColumnPlotTerms {
  label: string;
  axis: ColumnAxis;
  zone: Zone;
  height: number;
  ticks: readonly ValueTick[];
  timeOf(column: number): string;
  isPicking: boolean;
  onSelect(first: number, last: number): void;
  /** The column that is looked at. */
  onLook(column: number | null): void;
  marks?(box: PlotBox): ComponentChildren;
  /** Level 0 first. */
  partsOf(column: number, box: PlotBox): readonly ColumnPart[];
}

export function ColumnPlot(terms: ColumnPlotTerms) {
  const { axis, label, ticks, zone, isPicking } = terms;
  const [element, width] = useWidth<SVGSVGElement>();
  const id = useId();
  const box = plotBox(width, terms.height);
  const [active, setActive] = useState({ column: axis.columns - 1, level: 0 });
  const brush = useBrush({
    cellAt: (x) => ({ column: cellAt(x - box.left, axis.columns, box.width), row: 0 }),
    isPicking,
    onStart: ({ column }) => announce(`From ${terms.timeOf(column)}. Now choose the end.`),
    onSelect: ({ a, b }) =>
      terms.onSelect(Math.min(a.column, b.column), Math.max(a.column, b.column)),
  });
  const onKeyDown = (event: KeyboardEvent) => {
    const at = placeOf(event.target);
    if (at === null) return;
    if (event.key === "Escape") brush.end();
    if (isPicking && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      brush.pick({ column: at.column, row: 0 });
      return;
    }
    if (moveFocus(event.currentTarget as Element, at, event.key, axis.columns)) {
      event.preventDefault();
    }
  };
  const stop = Math.min(active.column, axis.columns - 1);
  return (
    // Not the picture itself: Chromium has an SVG element that hears of the focus be a stop of Tab.
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is no picture
    <div
      role="group"
      aria-label={label}
      onKeyDown={onKeyDown}
      onFocusIn={(event) => {
        const at = placeOf(event.target);
        if (at === null) return;
        setActive(at);
        terms.onLook(at.column);
      }}
      onFocusOut={() => terms.onLook(null)}
    >
      {/* biome-ignore lint/a11y/noSvgWithoutTitle: its group has the name */}
      <svg
        ref={element}
        class={`plot ${isPicking ? "plot-picking" : ""}`}
        height={boxHeight(box)}
        onPointerOver={(event) => terms.onLook(placeOf(event.target)?.column ?? null)}
        onPointerLeave={() => terms.onLook(null)}
        {...brush.handlers}
      >
        <ValueAxis box={box} ticks={ticks} />
        <ColumnStates box={box} axis={axis} id={id} />
        {terms.marks?.(box)}
        {Array.from({ length: axis.columns }, (_, column) => (
          <g key={column} class="column">
            {terms.partsOf(column, box).map((part) => (
              <PartLink
                key={part.level}
                part={part}
                column={column}
                isStop={column === stop && part.level === active.level}
              />
            ))}
          </g>
        ))}
        <TimeAxis box={box} axis={axis} zone={zone} />
        {brush.span !== null && <Span box={box} columns={axis.columns} span={brush.span} />}
      </svg>
    </div>
  );
}

interface PartLinkTerms {
  part: ColumnPart;
  column: number;
  isStop: boolean;
}

function PartLink({ part, column, isStop }: PartLinkTerms) {
  const { href, label, level, mark } = part;
  // An attribute of SVG is written as it is named there.
  const common = { "data-column": column, "data-level": level, tabindex: isStop ? 0 : -1 };
  if (href === null) {
    return (
      // biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: a group of SVG is none
      <g {...common} role="img" aria-label={label}>
        {mark}
      </g>
    );
  }
  return (
    <Link {...common} href={href} aria-label={label}>
      {mark}
    </Link>
  );
}

function Span({ box, columns, span }: { box: PlotBox; columns: number; span: BrushSpan }) {
  const first = Math.min(span.a.column, span.b.column);
  const last = Math.max(span.a.column, span.b.column);
  const x = box.left + columnLeft(first, columns, box.width);
  const right = box.left + columnLeft(last + 1, columns, box.width);
  return (
    <rect class="brush" x={x} y={box.top} width={right - x} height={box.height} {...UNHEARD} />
  );
}

/** All of a column takes the pointer, and is marked while it is looked at. */
export function columnArea(column: number, columns: number, box: PlotBox): ComponentChildren {
  const x = box.left + columnLeft(column, columns, box.width);
  const right = box.left + columnLeft(column + 1, columns, box.width);
  return <rect class="column-area" x={x} y={box.top} width={right - x} height={box.height} />;
}

interface PartPlace {
  readonly column: number;
  readonly level: number;
}

function placeOf(target: EventTarget | null): PartPlace | null {
  const element = (target as Element | null)?.closest<SVGElement>("[data-column]") ?? null;
  if (element === null) return null;
  return { column: Number(element.dataset["column"]), level: Number(element.dataset["level"]) };
}

const STEPS: Readonly<Record<string, PartPlace>> = {
  ArrowLeft: { column: -1, level: 0 },
  ArrowRight: { column: 1, level: 0 },
  ArrowUp: { column: 0, level: 1 },
  ArrowDown: { column: 0, level: -1 },
  Home: { column: -Infinity, level: 0 },
  End: { column: Infinity, level: 0 },
};

/** Whether it was a key of the chart. */
function moveFocus(svg: Element, at: PartPlace, key: string, columns: number): boolean {
  const step = Object.hasOwn(STEPS, key) ? STEPS[key]! : null;
  if (step === null) return false;
  const column = Math.min(columns - 1, Math.max(0, at.column + step.column));
  const parts = [...svg.querySelectorAll<SVGElement>(`[data-column="${column}"]`)];
  const level = Math.min(parts.length - 1, Math.max(0, at.level + step.level));
  parts[level]?.focus();
  return true;
}
