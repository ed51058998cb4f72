/**
 * A stock OpenTelemetry SDK: where it sends to, and with which token, it reads from OTEL_EXPORTER_OTLP_ENDPOINT
 * and OTEL_EXPORTER_OTLP_HEADERS alone.
 */
import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

export interface Telemetry {
  tracer: Tracer;
  shutdown(): Promise<void>;
}

/** Room for every span of the suite: what the SDK itself drops, nobody can count. */
const QUEUE_MAX = 200_000;

export function startTelemetry(encoding: "json" | "protobuf"): Telemetry {
  const exporter = encoding === "json" ? new JsonExporter() : new ProtobufExporter();
  const batching = { exporter, maxQueueSize: QUEUE_MAX, scheduledDelayMillis: 100 };
  const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor(batching)] });
  return { tracer: provider.getTracer("mcp"), shutdown: () => provider.shutdown() };
}

/** By the semantic conventions for MCP, with two names of its own that the org has mapped. */
export function callAttributes(tool: string, process: string) {
  return {
    "mcp.method.name": "tools/call",
    "gen_ai.tool.name": tool,
    "gen_ai.operation.name": "execute_tool",
    "mcp.server.name": "github",
    "process.name": process,
  };
}

export function endCall(span: Span, isError: boolean): void {
  if (isError) {
    span.setAttribute("error.type", "tool_error");
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

/** W3C Trace Context, as MCP carries it in `params._meta` (SEP-414). */
export function traceparentOf(span: Span): string {
  const { traceId, spanId } = span.spanContext();
  return `00-${traceId}-${spanId}-01`;
}

export function contextOf(traceparent: unknown): Context {
  const [, traceId, spanId] = typeof traceparent === "string" ? traceparent.split("-") : [];
  if (traceId === undefined || spanId === undefined) return ROOT_CONTEXT;
  const remote = { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, remote);
}

export { SpanKind };
