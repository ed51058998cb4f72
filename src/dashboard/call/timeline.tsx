/** A trace's spans below each other. Rows are a line each, and their attributes come when one is opened. */
import { useMemo, useState } from "preact/hooks";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import { formatCount, formatDuration } from "#dashboard/parts/format-figure.ts";
import { Empty } from "#dashboard/parts/states.tsx";
import type { TraceAnswer } from "./call-answers.ts";
import { type TraceRow, traceRows } from "./span-tree.ts";
import { TimelineRow } from "./timeline-row.tsx";
import { barOf, callWindow, type TimeWindow, ticksOf, traceWindow } from "./timeline-scale.ts";

/** A browser draws so many at once without a pause; the rest is a button away. */
const ROWS_STEP = 200;

export function Timeline({ trace, call }: { trace: TraceAnswer; call: CallAnswer }) {
  const [isWhole, setWhole] = useState(false);
  const [shownRows, setShownRows] = useState(ROWS_STEP);
  const rows = useMemo(() => traceRows(trace, call), [trace, call]);
  const near = useMemo(() => callWindow(trace, call), [trace, call]);
  const all = useMemo(() => traceWindow(trace.spans, near), [trace, near]);
  if (rows.length === 0) return <NoSpans call={call} />;
  const window = isWhole ? all : near;
  const visible = isWhole ? rows : rows.filter((row) => isNear(row, near));
  return (
    <section aria-labelledby="call-timeline">
      <div class="section-head">
        <h2 id="call-timeline">Timeline</h2>
        {(isWhole || isMore(all, near)) && (
          <button
            type="button"
            class="button button-small"
            aria-pressed={isWhole}
            onClick={() => setWhole(!isWhole)}
          >
            {isWhole
              ? "Show the call's time"
              : `Show the whole trace (${formatCount(rows.length)} spans)`}
          </button>
        )}
      </div>
      <p class="muted">{summaryOf(visible, rows, window)}</p>
      <div class="timeline">
        <Ruler window={window} />
        <ol class="timeline-rows">
          {visible.slice(0, shownRows).map((row, at) => (
            <TimelineRow key={`${row.span.span_id} ${at}`} row={row} window={window} call={call} />
          ))}
        </ol>
      </div>
      {visible.length > shownRows && (
        <button type="button" class="button" onClick={() => setShownRows(shownRows + ROWS_STEP)}>
          {`Show ${formatCount(Math.min(ROWS_STEP, visible.length - shownRows))} more of ${formatCount(visible.length)}`}
        </button>
      )}
    </section>
  );
}

function isNear({ span, isCall, stages }: TraceRow, near: TimeWindow): boolean {
  if (isCall || stages.length > 0) return true;
  return !barOf(span.offset_ms, span.duration_ms, near).isOutside;
}

/** Whether the trace has more than the call's own time. */
function isMore(all: TimeWindow, near: TimeWindow): boolean {
  const lengthMs = near.toMs - near.fromMs;
  return all.toMs - all.fromMs > 1.1 * lengthMs;
}

function summaryOf(
  visible: readonly TraceRow[],
  rows: readonly TraceRow[],
  window: TimeWindow,
): string {
  const lengthText = formatDuration(window.toMs - window.fromMs);
  const rest = rows.length - visible.length;
  const hidden = rest === 0 ? "" : `; ${formatCount(rest)} of the trace lie outside of it`;
  const noun = visible.length === 1 ? "span" : "spans";
  return `${formatCount(visible.length)} ${noun} in ${lengthText}${hidden}. Spans that ended within an hour of the call are kept with it.`;
}

function Ruler({ window }: { window: TimeWindow }) {
  return (
    <svg class="timeline-ruler" aria-hidden="true" height="20">
      {ticksOf(window).map((at) => {
        const { start } = barOf(at, 0, window);
        return (
          <g key={at}>
            <line class="tick" x1={`${start * 100}%`} x2={`${start * 100}%`} y1="14" y2="20" />
            <text class="tick-text" x={`${start * 100}%`} y="11" text-anchor={anchorOf(start)}>
              {at === 0 ? "0" : formatDuration(at)}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

/** The outermost numbers stay within. */
function anchorOf(start: number): string {
  if (start < 0.04) return "start";
  return start > 0.96 ? "end" : "middle";
}

function NoSpans({ call }: { call: CallAnswer }) {
  return (
    <section aria-labelledby="call-timeline">
      <h2 id="call-timeline">Timeline</h2>
      <Empty title="No spans">
        <p>
          {call.trace_id === null
            ? "The call was reported without a trace, so no span belongs to it."
            : "No span of its trace was sent here."}
        </p>
      </Empty>
    </section>
  );
}
