/**
 * Traces as OTLP carries them (opentelemetry-proto v1.11.0, trace/v1/trace.proto), reduced to what this
 * product reads and writes. Left out on purpose: events, schema URLs, attributes of scopes, counts of what
 * was dropped, and attribute values that are no scalar, so that a tool's structured arguments and results
 * are not even decoded, and their nesting costs nothing.
 */
import type { UnixNano } from "./unix-nano.ts";

/** The two encodings of OTLP/HTTP (opentelemetry-proto docs/specification.md, "OTLP/HTTP"). */
export type OtlpEncoding = "protobuf" | "json";

/** `Span.SpanKind`. A kind that is not known here is a number too. */
export const SPAN_KIND = {
  unspecified: 0,
  internal: 1,
  server: 2,
  client: 3,
  producer: 4,
  consumer: 5,
} as const;

/** `Status.StatusCode` */
export const STATUS_CODE = { unset: 0, ok: 1, error: 2 } as const;

/**
 * The scalars of `AnyValue`. An integer is a number where that is exact, else a bigint; written, a whole
 * number is an `int_value` and any other a `double_value`.
 */
export type AttributeValue = string | number | bigint | boolean;

/** Of a key given twice the last counts: the schema leaves that open. */
export type Attributes = ReadonlyMap<string, AttributeValue>;

export const NO_ATTRIBUTES: Attributes = new Map();

export interface ResourceSpans {
  readonly resource: Attributes;
  readonly scopeSpans: readonly ScopeSpans[];
}

export interface ScopeSpans {
  readonly scope: InstrumentationScope;
  readonly spans: readonly Span[];
}

export interface InstrumentationScope {
  readonly name: string;
  readonly version: string;
}

export interface Span {
  /** 32 lower-case hex digits; empty where the sent one is invalid: of another length, or all zeros. */
  readonly traceId: string;
  /** 16 lower-case hex digits, or empty likewise. */
  readonly spanId: string;
  /** Null for a root span. */
  readonly parentSpanId: string | null;
  /** As W3C Trace Context writes it. */
  readonly traceState: string;
  /** Bits 0-7 are the W3C trace flags; bits 8 and 9 say whether the parent is remote (`SpanFlags`). */
  readonly flags: number;
  readonly name: string;
  readonly kind: number;
  readonly start: UnixNano;
  readonly end: UnixNano;
  readonly attributes: Attributes;
  readonly status: SpanStatus;
  /** A decoder reads the ids alone, of the first LINKS_MAX; absent where there are none. */
  readonly links?: readonly SpanLink[];
}

/** A call's span has one, to where the call came from. A queue's consumer may have hundreds. */
export const LINKS_MAX = 4;

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly flags: number;
  readonly attributes: Attributes;
}

export interface SpanStatus {
  readonly code: number;
  readonly message: string;
}

export const STATUS_UNSET: SpanStatus = { code: STATUS_CODE.unset, message: "" };

/**
 * Spans a request may have. An empty span takes two bytes on the wire and 200 in memory, a plain one 60 and
 * 2.5 KB until it is stored: 62,000 of them took 153 MB, more than an isolate has.
 */
export const SPANS_MAX = 10_000;
