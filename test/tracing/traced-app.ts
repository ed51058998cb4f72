/** The app's middleware around routes of a test, with what it exports and keeps at hand. */
import { Hono } from "hono";
import type { Span } from "#formats/otlp/trace-model.ts";
import { answerHeaders } from "#http/answer-headers.ts";
import { onError, onNotFound } from "#http/problem.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import type { Observability } from "#streams/observability.ts";
import { traceRequests } from "#tracing/http/trace-requests.ts";
import { SpanExporter } from "#tracing/span-exporter.ts";
import type { TraceSpan } from "#tracing/trace-span.ts";
import { Tracer } from "#tracing/tracer.ts";
import { workerEnv } from "../harness/deployment.ts";
import { FakeClock, FakeCollector } from "./collector.ts";

export type TracesStream = Observability["traces"];

export function exportedTo(sampleRate: number): TracesStream {
  const otlp = { endpoint: "https://collector.example", headers: {}, sampleRate };
  return { enabled: true, otlp };
}

export interface TracedAppOptions {
  /** For each org that is asked for, and for none. */
  traces?: TracesStream | ((org: string | null) => Promise<TracesStream>);
  env?: Partial<Env>;
  keep?: (env: Env, org: Org, spans: readonly TraceSpan[]) => Promise<void>;
}

export class TracedApp {
  readonly app = new Hono<AppEnv>();
  readonly collector = new FakeCollector();
  readonly exporter: SpanExporter;
  readonly tracer: Tracer;
  readonly kept: (readonly TraceSpan[])[] = [];
  readonly #env: Env;

  constructor({ traces = exportedTo(1), env = {}, keep }: TracedAppOptions = {}) {
    const clock = new FakeClock();
    this.exporter = new SpanExporter({ send: this.collector.send, clock, onDrop: () => {} });
    this.tracer = new Tracer({
      tracesOf: async (_env, org) => (typeof traces === "function" ? traces(org) : traces),
      keep: keep ?? (async (_env, _org, spans) => void this.kept.push(spans)),
      exporter: this.exporter,
    });
    this.#env = { ...workerEnv, ...env };
    this.app.use(traceRequests(this.tracer));
    this.app.use(answerHeaders());
    this.app.onError(onError);
    this.app.notFound(onNotFound);
  }

  /** Answered, and all that goes on after the answer done. */
  async request(path: string, init: RequestInit = {}): Promise<Response> {
    const { response, after } = await this.answered(path, init);
    await after;
    return response;
  }

  async answered(path: string, init: RequestInit = {}) {
    const work: Promise<unknown>[] = [];
    const ctx = {
      waitUntil: (promise: Promise<unknown>) => void work.push(promise),
      passThroughOnException: () => {},
      props: {},
    } as unknown as ExecutionContext;
    const response = await this.app.request(path, init, this.#env, ctx);
    return { response, after: Promise.all(work) };
  }

  get spans(): Span[] {
    return this.collector.taken;
  }

  spanOf(kind: number): Span {
    const span = this.spans.find((one) => one.kind === kind);
    if (span === undefined) throw new Error("no such span was exported");
    return span;
  }
}
