/**
 * A brush over cells: drawn with a pointer, or (WCAG 2.5.7) by choosing one end and then the other, by click or Enter.
 * A click that is no drag stays the click of the link that it is on.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import type { GridPlace } from "./grid-keys.ts";

export interface BrushSpan {
  readonly a: GridPlace;
  readonly b: GridPlace;
}

interface BrushTerms {
  /** Which cell lies there, in pixels of the element that the handlers are on. */
  readonly cellAt: (x: number, y: number) => GridPlace;
  /** Ends are chosen one after the other: a click picks, and follows no link. */
  readonly isPicking: boolean;
  readonly onSelect: (span: BrushSpan) => void;
  /** After the first of two. */
  readonly onStart?: (cell: GridPlace) => void;
}

/** Less is a hand that trembles. */
const DRAG_PX_MIN = 5;

interface Press {
  readonly x: number;
  readonly y: number;
  readonly pointerId: number;
}

export function useBrush({ cellAt, isPicking, onSelect, onStart }: BrushTerms) {
  const press = useRef<Press | null>(null);
  const [span, setSpan] = useState<BrushSpan | null>(null);
  const isDragged = useRef(false);
  const end = () => {
    press.current = null;
    setSpan(null);
  };
  const pick = (cell: GridPlace) => {
    if (span === null) {
      setSpan({ a: cell, b: cell });
      onStart?.(cell);
      return;
    }
    end();
    onSelect({ a: span.a, b: cell });
  };
  useEffect(() => {
    if (!isPicking) end();
  }, [isPicking]);
  return { span, pick, end, handlers: handlersOf() };

  function drawTo(event: PointerEvent, from: Press, here: { x: number; y: number }) {
    const movedPx = Math.hypot(here.x - from.x, here.y - from.y);
    if (!isDragged.current && movedPx < DRAG_PX_MIN) return;
    if (!isDragged.current) (event.currentTarget as Element).setPointerCapture(event.pointerId);
    isDragged.current = true;
    setSpan({ a: cellAt(from.x, from.y), b: cellAt(here.x, here.y) });
  }

  function handlersOf() {
    return {
      onPointerDown: (event: PointerEvent) => {
        isDragged.current = false;
        if (event.button !== 0 || isPicking) return;
        press.current = { ...within(event), pointerId: event.pointerId };
      },
      onPointerMove: (event: PointerEvent) => {
        const here = within(event);
        if (isPicking && span !== null) setSpan({ a: span.a, b: cellAt(here.x, here.y) });
        const from = press.current;
        if (from?.pointerId === event.pointerId) drawTo(event, from, here);
      },
      onPointerUp: () => {
        const drawn = isDragged.current ? span : null;
        if (!isPicking) end();
        if (drawn !== null) onSelect(drawn);
      },
      onPointerCancel: end,
      // A browser would drag the link away.
      onDragStart: (event: Event) => event.preventDefault(),
      onClickCapture: (event: MouseEvent) => {
        if (!(isPicking || isDragged.current)) return;
        isDragged.current = false;
        event.preventDefault();
        event.stopPropagation();
        // Enter on a link is a click that lies nowhere: it is picked where the key is heard.
        if (isPicking && event.detail > 0) pick(cellAt(within(event).x, within(event).y));
      },
    };
  }
}

function within(event: MouseEvent): { x: number; y: number } {
  const { left, top } = (event.currentTarget as Element).getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top };
}
