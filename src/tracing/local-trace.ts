/** The part of a trace that takes place in one request, tick or call: a root span and those under it. */
import type { TraceContext } from "#formats/trace-context/trace-context.ts";
import { ActiveSpan, type Describe } from "./active-span.ts";
import { type PlacementTerms, placeTrace, type TracePlacement } from "./trace-placement.ts";

/** An answer that streams a whole log, or a tick over every org, would else be held in memory span by span. */
const SPANS_MAX = 256;

export interface TraceStart {
  /** The caller's context, if it sent a valid one. */
  readonly received: TraceContext | null;
  /** A context that the work also belongs to without being its child. */
  readonly link?: TraceContext | null;
  readonly describe: Describe;
  /** Asked once: when the first call carries the trace on, else at the trace's end. */
  readonly terms: () => Promise<PlacementTerms>;
  readonly nowMs: number;
}

export class LocalTrace {
  readonly root: ActiveSpan;
  #received: TraceContext | null;
  #link: TraceContext | null;
  readonly spans: ActiveSpan[];
  /** How many spans were not begun, being beyond SPANS_MAX. */
  leftOut = 0;
  isEnded = false;
  readonly #terms: () => Promise<PlacementTerms>;
  #placement: Promise<TracePlacement> | null = null;

  constructor({ received, link = null, describe, terms, nowMs }: TraceStart) {
    this.#received = received;
    this.#link = link;
    this.#terms = terms;
    this.root = new ActiveSpan(this, null, describe, nowMs);
    this.spans = [this.root];
  }

  get received(): TraceContext | null {
    return this.#received;
  }

  get link(): TraceContext | null {
    return this.#link;
  }

  /**
   * The work is of another span of the caller's than its headers said, as a message in the body may tell: that is
   * its parent, and what the headers named is linked. Once something went out in this trace, the other is linked.
   */
  join(context: TraceContext): void {
    const other = this.#placement === null ? this.#received : context;
    if (this.#placement === null) this.#received = context;
    if (other !== null && !isSameSpan(other, this.#received)) this.#link = other;
  }

  /** Null once the trace has too many spans: the work goes on without one. */
  start(
    parent: ActiveSpan,
    describe: Describe,
    { nowMs = Date.now(), id = null }: { nowMs?: number; id?: string | null } = {},
  ): ActiveSpan | null {
    if (this.spans.length >= SPANS_MAX) {
      this.leftOut += 1;
      return null;
    }
    const span = new ActiveSpan(this, parent, describe, nowMs, id);
    this.spans.push(span);
    return span;
  }

  end(nowMs: number = Date.now()): void {
    this.root.end(nowMs);
    this.isEnded = true;
  }

  /** The trace's placement: the same for every call and for the export, whatever is learnt in between. */
  place(): Promise<TracePlacement> {
    this.#placement ??= this.#terms().then((terms) => placeTrace(this.#received, terms));
    return this.#placement;
  }
}

function isSameSpan(one: TraceContext, other: TraceContext | null): boolean {
  return one.traceId === other?.traceId && one.spanId === other.spanId;
}
