/** An isolate's outboxes, one for each collector, and how many spans were lost on the way. */

import type { Span } from "#formats/otlp/trace-model.ts";
import type { Send } from "#platform/outgoing/post.ts";
import { originOf } from "#streams/endpoint.ts";
import type { TracesDestination } from "#streams/observability.ts";
import { logDrop } from "./log-drop.ts";
import { postSpans } from "./post-spans.ts";
import { type Clock, SYSTEM_CLOCK } from "./retry.ts";
import { type DropReason, SpanCounts } from "./span-counts.ts";
import { type Room, SpanOutbox } from "./span-outbox.ts";

/** 8,192 spans of about 1 KB: 8 MB of an isolate's 128. */
const SPANS_MAX = 8_192;
/** An isolate serves few orgs that each have a collector of their own. */
const OUTBOXES_MAX = 256;

export interface ExporterOptions {
  readonly send?: Send;
  readonly clock?: Clock;
  readonly onDrop?: typeof logDrop;
}

export class SpanExporter {
  /** Spans that had no way to any outbox. */
  readonly counts = new SpanCounts();
  readonly #outboxes = new Map<string, SpanOutbox>();
  readonly #room: Room = { spans: 0, spansMax: SPANS_MAX };
  readonly #send: Send;
  readonly #clock: Clock;
  readonly #onDrop: typeof logDrop;
  #instanceId: string | null = null;

  constructor(options: ExporterOptions = {}) {
    const { send = (request) => fetch(request) } = options;
    const { clock = SYSTEM_CLOCK, onDrop = logDrop } = options;
    this.#send = send;
    this.#clock = clock;
    this.#onDrop = onDrop;
  }

  /** The promise, if there is one, is to be carried on in the request's `waitUntil`. */
  add(destination: TracesDestination, spans: readonly Span[]): Promise<void> | null {
    const outbox = this.#outboxOf(destination);
    if (outbox === null) {
      this.lose("overflow", spans.length, "too many collectors");
      return null;
    }
    outbox.add(spans);
    return outbox.turn();
  }

  /** Where a collector asked for more time than a request has, the next request comes back to it. */
  resume(): Promise<unknown> | null {
    if (this.#room.spans === 0) return null;
    return Promise.all(Array.from(this.#outboxes.values(), (outbox) => outbox.turn()));
  }

  /** Spans that no collector has taken yet and that are not given up. */
  get waiting(): number {
    return this.#room.spans;
  }

  /** Counts spans that got into no outbox as lost. */
  lose(reason: DropReason, spans: number, why: string): void {
    this.counts.made += spans;
    this.counts.drop(reason, spans);
    this.#onDrop({ reason, spans, why, origin: null });
  }

  /** The counts of every outbox, and of the spans that got into none. */
  allCounts(): SpanCounts[] {
    return [this.counts, ...Array.from(this.#outboxes.values(), ({ counts }) => counts)];
  }

  /**
   * Outboxes are told apart by the headers too: two orgs may have one collector and different credentials.
   */
  #outboxOf({ endpoint, headers }: TracesDestination): SpanOutbox | null {
    const key = JSON.stringify([endpoint, headers]);
    const known = this.#outboxes.get(key);
    if (known !== undefined) return known;
    if (this.#outboxes.size >= OUTBOXES_MAX && !this.#forgetAnIdle()) return null;
    const target = { destination: { endpoint, headers }, resource: this.#resource() };
    const origin = originOf(endpoint);
    const outbox = new SpanOutbox({
      post: (spans) => postSpans(target, spans, this.#send),
      clock: this.#clock,
      room: this.#room,
      onDrop: (reason, spans, why) => this.#onDrop({ reason, spans, why, origin }),
    });
    this.#outboxes.set(key, outbox);
    return outbox;
  }

  #forgetAnIdle(): boolean {
    for (const [key, outbox] of this.#outboxes) {
      if (outbox.isIdle) return this.#outboxes.delete(key);
    }
    return false;
  }

  /** OpenTelemetry's resource of a service; each isolate is an instance of it. */
  #resource() {
    this.#instanceId ??= crypto.randomUUID();
    return new Map([
      ["service.name", "mcpg-control-plane"],
      ["service.instance.id", this.#instanceId],
      ["telemetry.sdk.language", "webjs"],
      ["telemetry.sdk.name", "mcpg"],
      ["cloud.provider", "cloudflare"],
      ["cloud.platform", "cloudflare.workers"],
    ]);
  }
}
