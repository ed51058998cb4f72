/** This Worker's tracer: one an isolate, as its spans wait together for their way out. */
import { shardDatabase } from "./env.ts";
import { keepSpans } from "./store/spans.ts";
import { deploymentStreams, streamsOf } from "./streams/streams-of.ts";
import { SpanExporter } from "./tracing/span-exporter.ts";
import { Tracer } from "./tracing/tracer.ts";

export const spanExporter = new SpanExporter();

export const tracer = new Tracer({
  async tracesOf(env, org) {
    return (org === null ? deploymentStreams(env) : await streamsOf(env, org)).traces;
  },
  keep: (env, org, spans) => keepSpans(shardDatabase(env, org.shard), org, spans, Date.now()),
  exporter: spanExporter,
});
