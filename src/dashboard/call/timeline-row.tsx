/** One span: its name, its bar, and on demand what it was sent with. */
import { useId, useState } from "preact/hooks";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import { formatDuration } from "#dashboard/parts/format-figure.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { Link } from "#dashboard/place/link.tsx";
import { hrefOf } from "#dashboard/place/place.ts";
import type { AnsweredSpan } from "./call-answers.ts";
import type { TraceRow } from "./span-tree.ts";
import { barOf, type TimeWindow } from "./timeline-scale.ts";

/** Deeper rows stand where these stand: a line has an end. */
const DEPTH_SHOWN_MAX = 12;
const MARKS: Readonly<Record<string, string>> = {
  identity: "who",
  policy: "whether",
  dispatch: "what",
};

interface TimelineRowTerms {
  row: TraceRow;
  window: TimeWindow;
  call: CallAnswer;
}

export function TimelineRow({ row, window, call }: TimelineRowTerms) {
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  const { span, depth, isCall, stages } = row;
  const indent = "timeline-depth-".concat(String(Math.min(depth, DEPTH_SHOWN_MAX)));
  return (
    <li class={`timeline-row ${isCall ? "timeline-call" : ""}`}>
      <button
        type="button"
        class="timeline-button"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        <span class={`timeline-name ${indent}`}>
          <span class="timeline-fold" aria-hidden="true">
            {isOpen ? "▾" : "▸"}
          </span>
          <Hostile text={span.name} />
          {isCall && <span class="timeline-mark">this call</span>}
          {stages.map((stage) => (
            <span key={stage} class="timeline-mark">
              {MARKS[stage]}
            </span>
          ))}
          {span.status === "error" && (
            <span class="timeline-mark timeline-mark-error">✕ error</span>
          )}
        </span>
        <SpanBar span={span} window={window} isCall={isCall} />
        <span class="timeline-time">{formatDuration(span.duration_ms)}</span>
      </button>
      <div id={id} class="timeline-detail" hidden={!isOpen}>
        {isOpen && <SpanDetail span={span} call={call} />}
      </div>
    </li>
  );
}

function SpanBar({
  span,
  window,
  isCall,
}: {
  span: AnsweredSpan;
  window: TimeWindow;
  isCall: boolean;
}) {
  const bar = barOf(span.offset_ms, span.duration_ms, window);
  const kind = span.status === "error" ? "bar-error" : isCall ? "bar-call" : "bar-span";
  return (
    <svg class="timeline-bar" height="18" aria-hidden="true">
      {!bar.isOutside && (
        <>
          {/* What took next to nothing still has a mark. */}
          <rect class={kind} x={percentOf(bar.start)} y="4" width="2" height="10" />
          <rect
            class={kind}
            x={percentOf(bar.start)}
            y="4"
            width={percentOf(bar.width)}
            height="10"
          />
        </>
      )}
      {(bar.isCutBefore || (bar.isOutside && span.offset_ms < window.fromMs)) && (
        <text class="bar-cut" x="0" y="13">
          ◂
        </text>
      )}
      {(bar.isCutAfter || (bar.isOutside && span.offset_ms > window.toMs)) && (
        <text class="bar-cut" x="100%" y="13" text-anchor="end">
          ▸
        </text>
      )}
    </svg>
  );
}

function SpanDetail({ span, call }: { span: AnsweredSpan; call: CallAnswer }) {
  const { invocation_id: invocationId } = span;
  const facts: [string, string][] = [
    ["service", span.service ?? ""],
    ["kind", span.kind],
    ["status", span.status],
    ["started_at", span.started_at],
    ["offset_ms", String(span.offset_ms)],
    ["duration_ms", String(span.duration_ms)],
    ["span_id", span.span_id],
    ["parent_span_id", span.parent_span_id ?? ""],
  ];
  const attributes = Object.entries(span.attributes).map(
    ([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)] as const,
  );
  return (
    <>
      {invocationId !== null && invocationId !== call.id && (
        <p>
          <Link href={hrefOf({ page: "call", id: invocationId })}>Open this call</Link>
        </p>
      )}
      <dl class="span-facts">
        {[...facts.filter(([, value]) => value !== ""), ...attributes].map(([name, value]) => (
          <div key={name}>
            <dt>
              <Hostile text={name} isCode />
            </dt>
            <dd>
              <Hostile text={value} isWhole isCode />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

export function percentOf(share: number): string {
  return `${share * 100}%`;
}
