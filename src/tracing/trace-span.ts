/**
 * A span as it is kept for the drill-down: what places it in its trace and in
 * time, how it ended, and a few attributes. Its status has no message and its attributes no free text, for
 * either may quote what a tool was sent.
 */
import type { Attributes, AttributeValue } from "#formats/otlp/trace-model.ts";
import type { UnixNano } from "#formats/otlp/unix-nano.ts";

export interface TraceSpan {
  /** 32 and 16 lower-case hex digits. */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  /** `SPAN_KIND` of src/formats/otlp/trace-model.ts. */
  readonly kind: number;
  readonly start: UnixNano;
  readonly end: UnixNano;
  /** `STATUS_CODE` of the same file. */
  readonly status: number;
  /** Any attributes: those that are not in KEPT_ATTRIBUTES are left out when the span is kept. */
  readonly attributes: Attributes;
  /** `service.name` of the resource. */
  readonly service: string | null;
}

/** The stages of a call at the edge gateway: `mcpg.stage` of its spans. */
export const STAGE_ATTRIBUTE = "mcpg.stage";
export const STAGES = ["identity", "policy", "dispatch"] as const;
export type Stage = (typeof STAGES)[number];

/** Attributes that are low in cardinality, and none that a caller fills with text of his own. */
const KEPT_ATTRIBUTES = [
  STAGE_ATTRIBUTE,
  "mcp.method.name",
  "gen_ai.tool.name",
  "gen_ai.operation.name",
  "error.type",
  "http.request.method",
  "http.route",
  "http.response.status_code",
  "rpc.method",
  "rpc.response.status_code",
  "db.system.name",
  "db.operation.name",
  "server.address",
  "network.transport",
  "gen_ai.guardrail.verdict.type",
  "gen_ai.security.policy.id",
] as const;

/** Longer names and texts are cut, for a name that is cut still tells what ran. */
const NAME_LENGTH_MAX = 128;
const TEXT_LENGTH_MAX = 128;

/** What is kept of a span. It changes nothing of a span that was kept already. */
export function boundedSpan(span: TraceSpan): TraceSpan {
  const attributes = new Map<string, AttributeValue>();
  for (const key of KEPT_ATTRIBUTES) {
    const value = boundedValue(span.attributes.get(key));
    if (value !== null) attributes.set(key, value);
  }
  const service = span.service === null ? null : storable(span.service, NAME_LENGTH_MAX);
  return { ...span, name: storable(span.name, NAME_LENGTH_MAX), attributes, service };
}

/** JSON has no bigint and no infinity, and none of these attributes is such a number. */
function boundedValue(value: AttributeValue | undefined): AttributeValue | null {
  if (typeof value === "string") return storable(value, TEXT_LENGTH_MAX);
  if (typeof value === "boolean") return value;
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** NUL would end a SQLite string early, and a lone surrogate has no UTF-8 form. */
function storable(text: string, lengthMax: number): string {
  return text.slice(0, lengthMax).toWellFormed().replaceAll("\0", "\ufffd");
}
