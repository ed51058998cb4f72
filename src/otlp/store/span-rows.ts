/**
 * Kept spans as rows: `payload` is a JSON object, trace id → spans, each an array
 * [spanId, parentSpanId|null, name, kind, startMs, startNanos, endMs, endNanos, status, service|null, {attributes}]
 */
import { sha256 } from "#formats/sha256.ts";
import { uuid7FromDigest } from "#formats/uuid7.ts";
import { boundedSpan, type TraceSpan } from "#tracing/trace-span.ts";

/** Spans kept of one trace in one request: an agent's long session is many requests. */
export const TRACE_SPANS_MAX = 256;
const TRACE_CHARACTERS_MAX = 65_536;
/** UTF-16 units, of up to three bytes each: under what a bound value may have. */
const ROW_CHARACTERS_MAX = 600_000;
/** Spans are found by the time that they end at, so a row must not spread over much of it. */
export const ROW_SPREAD_MS = 600_000;

export interface SpanRow {
  id: string;
  traces: string;
  payload: string;
}

type StoredSpan = [
  spanId: string,
  parentSpanId: string | null,
  name: string,
  kind: number,
  startMs: number,
  startNanos: number,
  endMs: number,
  endNanos: number,
  status: number,
  service: string | null,
  attributes: Record<string, string | number | boolean>,
];

interface TraceTexts {
  spans: string[];
  characters: number;
}

/** The same spans in the same order make the same rows, so that a resend finds them there. */
export function spanRows(spans: readonly TraceSpan[]): SpanRow[] {
  const slots = Map.groupBy(spans, ({ end }) => Math.floor(end.ms / ROW_SPREAD_MS));
  return [...slots.values()].flatMap(rowsOfSlot);
}

function rowsOfSlot(spans: readonly TraceSpan[]): SpanRow[] {
  const endMs = spans.reduce((latest, { end }) => Math.max(latest, end.ms), 0);
  const rows: SpanRow[] = [];
  let members: string[] = [];
  let traces = "";
  let characters = 0;
  const close = () => {
    const payload = `{${members.join(",")}}`;
    rows.push({ id: rowId(endMs, payload), traces, payload });
    [members, traces, characters] = [[], "", 0];
  };
  for (const [traceId, trace] of byTrace(spans)) {
    if (characters + trace.characters > ROW_CHARACTERS_MAX && members.length > 0) close();
    members.push(`"${traceId}":[${trace.spans.join(",")}]`);
    traces += traceMark(traceId);
    characters += trace.characters;
  }
  close();
  return rows;
}

function byTrace(spans: readonly TraceSpan[]): Map<string, TraceTexts> {
  const traces = new Map<string, TraceTexts>();
  for (const span of spans) {
    const trace = traces.get(span.traceId) ?? { spans: [], characters: 0 };
    traces.set(span.traceId, trace);
    if (trace.spans.length >= TRACE_SPANS_MAX) continue;
    const text = JSON.stringify(storedSpan(boundedSpan(span)));
    if (trace.characters + text.length > TRACE_CHARACTERS_MAX) continue;
    trace.spans.push(text);
    trace.characters += text.length;
  }
  return traces;
}

function storedSpan({ start, end, ...span }: TraceSpan): StoredSpan {
  return [
    span.spanId,
    span.parentSpanId,
    span.name,
    span.kind,
    start.ms,
    start.nanos,
    end.ms,
    end.nanos,
    span.status,
    span.service,
    Object.fromEntries(span.attributes) as StoredSpan[10],
  ];
}

/**
 * A trace's mark is the last digits of its id: of the 32 those are random where any are (W3C Trace Context
 * level 2, §3.2.2.5).
 */
export function traceMark(traceId: string): string {
  return `,${traceId.slice(-8)}`;
}

function rowId(endMs: number, payload: string): string {
  return uuid7FromDigest(endMs, sha256(encoder.encode(payload)));
}

const encoder = new TextEncoder();

export function parseTrace(traceId: string, stored: string): TraceSpan[] {
  return (JSON.parse(stored) as StoredSpan[]).map((span) => ({
    traceId,
    spanId: span[0],
    parentSpanId: span[1],
    name: span[2],
    kind: span[3],
    start: { ms: span[4], nanos: span[5] },
    end: { ms: span[6], nanos: span[7] },
    status: span[8],
    service: span[9],
    attributes: new Map(Object.entries(span[10])),
  }));
}
