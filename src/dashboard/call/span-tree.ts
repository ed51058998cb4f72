/**
 * A trace's spans as the rows of a timeline: each below what called it, in the order of their starts. Others wrote
 * the ids: a parent may be missing, be the span itself, or go round in a circle, and no span is lost for that.
 */
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import type { AnsweredSpan, TraceAnswer } from "./call-answers.ts";

export interface TraceRow {
  readonly span: AnsweredSpan;
  readonly depth: number;
  /** The call whose page it is. */
  readonly isCall: boolean;
  readonly stages: readonly StageName[];
}

export type StageName = "identity" | "policy" | "dispatch";

export const STAGE_NAMES: readonly StageName[] = ["identity", "policy", "dispatch"];

export function traceRows(trace: TraceAnswer, call: CallAnswer): TraceRow[] {
  const stages = stagesBySpan(trace);
  return inTreeOrder(trace.spans).map(({ span, depth }) => ({
    span,
    depth,
    isCall: span.invocation_id === call.id || span.span_id === call.span_id,
    stages: stages.get(span.span_id) ?? [],
  }));
}

interface PlacedSpan {
  readonly span: AnsweredSpan;
  readonly depth: number;
}

/** Without recursion: a chain of spans may be as long as the trace. */
function inTreeOrder(spans: readonly AnsweredSpan[]): PlacedSpan[] {
  const children = Map.groupBy(spans, ({ parent_span_id: parent }) => parent ?? "");
  const ids = new Set(spans.map(({ span_id: id }) => id));
  const roots = spans.filter(({ parent_span_id: parent }) => parent === null || !ids.has(parent));
  const placed = new Set<AnsweredSpan>();
  const ordered: PlacedSpan[] = [];
  const walk = (from: readonly AnsweredSpan[]) => {
    const open = from.toReversed().map((span) => ({ span, depth: 0 }));
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (placed.has(next.span)) continue;
      placed.add(next.span);
      ordered.push(next);
      const depth = next.depth + 1;
      const below = children.get(next.span.span_id) ?? [];
      open.push(...below.toReversed().map((span) => ({ span, depth })));
    }
  };
  walk(roots);
  // What is left has its parents in a circle: the first of them stands for its root.
  for (const span of spans) if (!placed.has(span)) walk([span]);
  return ordered;
}

function stagesBySpan(trace: TraceAnswer): Map<string, StageName[]> {
  const stages = new Map<string, StageName[]>();
  for (const name of STAGE_NAMES) {
    const { span_id: id } = trace[name];
    if (id !== null) stages.set(id, [...(stages.get(id) ?? []), name]);
  }
  return stages;
}
