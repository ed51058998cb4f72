/** A collector that answers as a test says, and a clock that jumps to the end of every wait. */

import { decodeTraces, isDecodeError } from "#formats/otlp/decode-traces.ts";
import type { Span } from "#formats/otlp/trace-model.ts";
import type { Send } from "#platform/outgoing/post.ts";
import type { Clock } from "#tracing/retry.ts";

export interface Received {
  url: string;
  headers: Headers;
  redirect: string;
  body: Uint8Array;
  spans: Span[];
}

export type Answer = Response | Error;

export class FakeCollector {
  readonly requests: Received[] = [];
  /** Of those that were answered with a 2xx. */
  readonly taken: Span[] = [];
  readonly #answer: (request: number) => Answer | Promise<Answer>;

  constructor(answer: (request: number) => Answer | Promise<Answer> = () => new Response()) {
    this.#answer = answer;
  }

  readonly send: Send = async (request) => {
    const { url, headers, redirect } = request;
    const body = new Uint8Array(await request.arrayBuffer());
    const traces = decodeTraces(body, "protobuf");
    if (isDecodeError(traces)) throw new Error("the exporter sent no OTLP");
    const spans = traces.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
    this.requests.push({ url, redirect, headers, body, spans });
    const answer = await this.#answer(this.requests.length - 1);
    if (answer instanceof Error) throw answer;
    if (answer.ok) this.taken.push(...spans.filter(({ name }) => name !== "spans dropped"));
    return answer;
  };
}

export class FakeClock implements Clock {
  now = 1_000_000;
  readonly waitsMs: number[] = [];

  nowMs = () => this.now;
  random = () => 1;

  delay = async (ms: number) => {
    this.waitsMs.push(ms);
    // After what is under way now: a real wait lets it come to its end.
    await new Promise((resolve) => setTimeout(resolve));
    this.now += ms;
  };
}

let made = 0;

export function makeSpans(count: number): Span[] {
  return Array.from({ length: count }, () => ({
    traceId: (++made).toString(16).padStart(32, "a"),
    spanId: made.toString(16).padStart(16, "b"),
    parentSpanId: null,
    traceState: "",
    flags: 1,
    name: "GET /healthz",
    kind: 2,
    start: { ms: 1, nanos: 0 },
    end: { ms: 2, nanos: 0 },
    attributes: new Map(),
    status: { code: 0, message: "" },
  }));
}
