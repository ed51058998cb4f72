/** What became of the spans that were to be exported: made = taken + dropped + those still waiting. */
import {
  type AttributeValue,
  SPAN_KIND,
  type Span,
  STATUS_CODE,
} from "#formats/otlp/trace-model.ts";
import { newSpanId, newTraceId } from "./random-ids.ts";

export const DROP_REASONS = [
  "overflow",
  "undelivered",
  "refused",
  "rejected",
  "unroutable",
] as const;
/**
 * In that order: no room to wait in; not taken in five attempts; refused for good by the collector;
 * rejected by it one by one (`partial_success`); no settings that said where to.
 */
export type DropReason = (typeof DROP_REASONS)[number];

export class SpanCounts {
  made = 0;
  taken = 0;
  readonly dropped: Record<DropReason, number> = {
    overflow: 0,
    undelivered: 0,
    refused: 0,
    rejected: 0,
    unroutable: 0,
  };

  drop(reason: DropReason, spans: number): void {
    this.dropped[reason] += spans;
  }

  get droppedTotal(): number {
    return DROP_REASONS.reduce((total, reason) => total + this.dropped[reason], 0);
  }
}

/**
 * What a collector is told of spans that it will not get: a span of its own, with the totals since the
 * isolate began, so that a notice that arrives twice or never misleads nobody.
 */
export function dropNotice(counts: SpanCounts, nowMs: number): Span {
  const totals = DROP_REASONS.filter((reason) => counts.dropped[reason] > 0).map(
    (reason): [string, AttributeValue] => [
      `mcpg.export.dropped_spans.${reason}`,
      counts.dropped[reason],
    ],
  );
  const time = { ms: nowMs, nanos: 0 };
  return {
    traceId: newTraceId(),
    spanId: newSpanId(),
    parentSpanId: null,
    traceState: "",
    flags: 0,
    name: "spans dropped",
    kind: SPAN_KIND.internal,
    start: time,
    end: time,
    attributes: new Map([["mcpg.export.dropped_spans", counts.droppedTotal], ...totals]),
    status: { code: STATUS_CODE.error, message: "" },
  };
}
