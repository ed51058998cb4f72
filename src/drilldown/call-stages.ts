/**
 * Who called, whether they might, and what was called: the stages of one tool call, each with the span that
 * timed it. The edge gateway marks its spans with their stage. Of others' spans the tree tells: what brought
 * the call in is its parent, what it was passed on to is its child.
 */
import { SPAN_KIND } from "#formats/otlp/trace-model.ts";
import { elapsedMs, type UnixNano } from "#formats/otlp/unix-nano.ts";
import { STAGE_ATTRIBUTE, STAGES, type Stage, type TraceSpan } from "#tracing/trace-span.ts";

/** What the span was found by: its mark, its place beside the call's own span, or that it is the call's own. */
export type FoundBy = "stage" | "parent" | "child" | "call";

export interface StageSpan {
  span: TraceSpan;
  foundBy: FoundBy;
}

export type CallStages = Record<Stage, StageSpan | null>;

/** `own` is the span of the call, among the others or made of its sample. */
export function stagesOfCall(own: TraceSpan, spans: readonly TraceSpan[]): CallStages {
  const tree = new SpanTree(own, spans);
  const stages = { identity: null, policy: null, dispatch: null } as CallStages;
  for (const stage of STAGES) {
    const marked = tree.marked(stage);
    stages[stage] = marked === null ? tree.placed(stage) : { span: marked, foundBy: "stage" };
  }
  return stages;
}

/** A guardrail's span (GenAI conventions, "run_guardrail") is a policy's decision. */
const POLICY_ATTRIBUTES = ["gen_ai.guardrail.verdict.type", "gen_ai.security.policy.id"] as const;

/** Levels that are gone up at most: a trace has few, but one whose parents are a circle has no end. */
const DEPTH_MAX = 64;

class SpanTree {
  readonly #own: TraceSpan;
  readonly #spans: readonly TraceSpan[];
  readonly #byId: ReadonlyMap<string, TraceSpan>;

  constructor(own: TraceSpan, spans: readonly TraceSpan[]) {
    this.#own = own;
    this.#spans = spans.filter(({ spanId }) => spanId !== own.spanId);
    // A sample may name no span: its span, without an id, must not be taken for the parent that a root span
    // lacks.
    const named = [...spans, own].filter(({ spanId }) => spanId !== "");
    this.#byId = new Map(named.map((span) => [span.spanId, span]));
  }

  /**
   * Of the spans that are marked with the stage, the one nearest to the call: a trace may hold many calls.
   */
  marked(stage: Stage): TraceSpan | null {
    const candidates = [this.#own, ...this.#spans].filter(
      ({ attributes }) => attributes.get(STAGE_ATTRIBUTE) === stage,
    );
    const isNear = [
      (span: TraceSpan) => this.#isUnder(span, this.#own.spanId),
      (span: TraceSpan) => this.#isBeside(span),
      (span: TraceSpan) => overlaps(span, this.#own),
    ];
    for (const test of isNear) {
      const near = candidates.find(test);
      if (near !== undefined) return near;
    }
    return null;
  }

  placed(stage: Stage): StageSpan | null {
    if (stage === "identity") return this.#broughtIn();
    return stage === "policy" ? this.#guardrail() : this.#passedOn();
  }

  /** The span of the request that carried the call, where it is the call's parent. */
  #broughtIn(): StageSpan | null {
    const parent = this.#byId.get(this.#own.parentSpanId ?? "");
    if (parent === undefined || parent.kind !== SPAN_KIND.server) return null;
    return { span: parent, foundBy: "parent" };
  }

  #guardrail(): StageSpan | null {
    const guardrail = this.#spans.find(
      (span) =>
        POLICY_ATTRIBUTES.some((key) => span.attributes.has(key)) &&
        this.#isUnder(span, this.#own.spanId),
    );
    return guardrail === undefined ? null : { span: guardrail, foundBy: "child" };
  }

  /**
   * The longest span of what the call led to on the other side; without any, the call itself was the work.
   */
  #passedOn(): StageSpan {
    const isCaller = this.#own.kind === SPAN_KIND.client;
    const kind = isCaller ? SPAN_KIND.server : SPAN_KIND.client;
    const [longest] = this.#spans
      .filter((span) => span.parentSpanId === this.#own.spanId && span.kind === kind)
      .sort((a, b) => elapsedMs(b.start, b.end) - elapsedMs(a.start, a.end));
    if (longest === undefined) return { span: this.#own, foundBy: "call" };
    return { span: longest, foundBy: "child" };
  }

  #isUnder(span: TraceSpan, ancestorId: string): boolean {
    let above: TraceSpan | undefined = span;
    for (let depth = 0; above !== undefined && depth < DEPTH_MAX; depth += 1) {
      if (above.spanId === ancestorId || above.parentSpanId === ancestorId) return true;
      above = this.#byId.get(above.parentSpanId ?? "");
    }
    return false;
  }

  /** Whether the span has the call's parent as its own, or is that parent. */
  #isBeside({ spanId, parentSpanId }: TraceSpan): boolean {
    const { parentSpanId: above } = this.#own;
    return above !== null && (parentSpanId === above || spanId === above);
  }
}

function overlaps(a: TraceSpan, b: TraceSpan): boolean {
  return isBefore(a.start, b.end) && isBefore(b.start, a.end);
}

function isBefore(a: UnixNano, b: UnixNano): boolean {
  return elapsedMs(a, b) >= 0;
}
