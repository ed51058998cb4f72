/** This Worker's tracer: one for each isolate, whose spans wait together for their way out. */
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { deploymentStreams } from "#streams/deployment-streams.ts";
import { streamsOf } from "#streams/streams-of.ts";
import { SpanExporter } from "./span-exporter.ts";
import type { TraceSpan } from "./trace-span.ts";
import { Tracer } from "./tracer.ts";

type KeepSpans = (env: Env, org: Org, spans: readonly TraceSpan[]) => Promise<void>;

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
