/** This Worker's tracer: one for each isolate, whose spans wait together for their way out. */
import { deploymentStreams } from "#streams/deployment-streams.ts";
import { streamsOf } from "#streams/streams-of.ts";
import type { KeepSpans } from "./kept-spans.ts";
import { SpanExporter } from "./span-exporter.ts";
import { Tracer } from "./tracer.ts";

let keepSpans: KeepSpans | null = null;

/**
 * Sets where spans of joined traces are kept for the drill-down: whatever keeps them registers itself here.
 */
export function registerSpanKeeper(registered: KeepSpans): void {
  keepSpans = registered;
}

export const spanExporter = new SpanExporter();

export const tracer = new Tracer({
  async tracesOf(env, org) {
    return (org === null ? deploymentStreams(env) : await streamsOf(env, org)).traces;
  },
  keep: async (env, org, spans) => keepSpans?.(env, org, spans),
  exporter: spanExporter,
});
