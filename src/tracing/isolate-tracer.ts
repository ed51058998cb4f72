/** This Worker's tracer: one an isolate, as its spans wait together for their way out. */

import { keepSpans } from "#otlp/store/spans.ts";
import { shardDatabase } from "#platform/env.ts";
import { deploymentStreams, streamsOf } from "#streams/streams-of.ts";
import { SpanExporter } from "./span-exporter.ts";
import { Tracer } from "./tracer.ts";

export const spanExporter = new SpanExporter();

export const tracer = new Tracer({
  async tracesOf(env, org) {
    return (org === null ? deploymentStreams(env) : await streamsOf(env, org)).traces;
  },
  keep: (env, org, spans) => keepSpans(shardDatabase(env, org.shard), org, spans, Date.now()),
  exporter: spanExporter,
});
