/**
 * Traces begin and end here: what a request or a tick did goes to the collector of whoever's it was, and
 * into the drill-down where a caller's trace was joined. Nothing of it delays or fails the work itself.
 */

import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { logError } from "#platform/log-error.ts";
import type { Observability, TracesDestination } from "#streams/observability.ts";
import { finishedSpans, keptSpans } from "./finished-spans.ts";
import { type KeepSpans, KeptSpans } from "./kept-spans.ts";
import { LocalTrace, type TraceStart } from "./local-trace.ts";
import type { SpanExporter } from "./span-exporter.ts";
import type { PlacementTerms, TracePlacement } from "./trace-placement.ts";

type TracesStream = Observability["traces"];

export interface TracerOptions {
  /** Where an org's spans go or, if `org` is null, spans that are no org's. May fail. */
  tracesOf(env: Env, org: string | null): Promise<TracesStream>;
  readonly keep: KeepSpans;
  readonly exporter: SpanExporter;
}

/** What is learnt of a request on its way. Each method is asked only when its answer is needed. */
export interface TraceOwner {
  readonly env: Env;
  org(): Org | null;
  isTrusted(): boolean;
  /** False for a request that was turned away: keeping its spans would let a refused caller write. */
  isServed(): boolean;
}

export type TraceBeginning = Omit<TraceStart, "terms"> & { readonly owner: TraceOwner };

interface Recipients {
  readonly destination: TracesDestination | null;
  /** The org whose drill-down shows the spans. */
  readonly keeper: Org | null;
  readonly env: Env;
}

const NOWHERE: TracesStream = { enabled: false, otlp: null };

export class Tracer {
  readonly #options: TracerOptions;
  readonly #kept: KeptSpans;

  constructor(options: TracerOptions) {
    this.#options = options;
    this.#kept = new KeptSpans(options.keep);
  }

  begin({ owner, ...start }: TraceBeginning): LocalTrace {
    return new LocalTrace({ ...start, terms: () => this.#terms(owner) });
  }

  /** Sends the spans of an ended trace where they go, for `waitUntil`. Never rejects. */
  async finish(trace: LocalTrace, owner: TraceOwner): Promise<void> {
    try {
      await this.#report(trace, owner);
      await this.#options.exporter.resume();
    } catch (error) {
      logError(error, { job: "trace" });
    }
  }

  async #report(trace: LocalTrace, owner: TraceOwner): Promise<void> {
    const stream = await this.#streamOf(owner);
    if (stream === null) {
      this.#options.exporter.lose("unroutable", trace.spans.length, "no settings");
      return;
    }
    const isKept = trace.received?.sampled === true && owner.isServed();
    const keeper = isKept ? owner.org() : null;
    if (!stream.enabled || (stream.otlp === null && keeper === null)) return;
    const placement = await trace.place();
    await this.#deliver(trace, placement, {
      destination: isOfInterest(trace, placement) ? stream.otlp : null,
      keeper: placement.parentSpanId === null ? null : keeper,
      env: owner.env,
    });
  }

  async #deliver(trace: LocalTrace, placement: TracePlacement, to: Recipients): Promise<void> {
    const { destination, keeper, env } = to;
    if (destination === null && keeper === null) return;
    const spans = finishedSpans(trace, placement);
    await Promise.all([
      destination === null ? null : this.#options.exporter.add(destination, spans),
      keeper === null ? null : this.#kept.add(env, keeper, keptSpans(spans)),
    ]);
  }

  /** A call must go out even if nobody knows where its span would go: then its trace is in no sample. */
  async #terms(owner: TraceOwner): Promise<PlacementTerms> {
    const { enabled, otlp } = (await this.#streamOf(owner)) ?? NOWHERE;
    return {
      isTrusted: owner.isTrusted(),
      sampleRate: enabled ? (otlp?.sampleRate ?? null) : null,
    };
  }

  /** Null if the settings cannot be read. */
  async #streamOf(owner: TraceOwner): Promise<TracesStream | null> {
    try {
      return await this.#options.tracesOf(owner.env, owner.org()?.org ?? null);
    } catch {
      // What is wrong with the settings fails the requests that need them, and is logged there.
      return null;
    }
  }
}

/**
 * A trace whose root failed is exported even if it is not sampled; then without a threshold, for it stands
 * for itself alone.
 */
function isOfInterest(trace: LocalTrace, { sampled }: TracePlacement): boolean {
  return sampled || trace.root.errorType !== null;
}
