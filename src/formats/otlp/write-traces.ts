/** `ExportTraceServiceRequest` as protobuf: trace/v1/trace.proto. Constants are field numbers. */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { ResourceSpans, ScopeSpans, Span, SpanLink, SpanStatus } from "./trace-model.ts";
import { type UnixNano, unixNanoToUint64 } from "./unix-nano.ts";
import {
  openMessage,
  writeAttributes,
  writeResource,
  writeScope,
  writeText,
} from "./write-attributes.ts";

const REQUEST = { resourceSpans: 1 } as const;
const RESOURCE_SPANS = { resource: 1, scopeSpans: 2 } as const;
const SCOPE_SPANS = { scope: 1, spans: 2 } as const;
const SPAN = {
  traceId: 1,
  spanId: 2,
  traceState: 3,
  parentSpanId: 4,
  name: 5,
  kind: 6,
  start: 7,
  end: 8,
  attributes: 9,
  links: 13,
  status: 15,
  flags: 16,
} as const;
const LINK = { traceId: 1, spanId: 2, traceState: 3, attributes: 4, flags: 6 } as const;
const STATUS = { message: 2, code: 3 } as const;

export function writeTraces(traces: readonly ResourceSpans[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const { resource, scopeSpans } of traces) {
    openMessage(writer, REQUEST.resourceSpans);
    writeResource(writer, RESOURCE_SPANS.resource, resource);
    for (const scope of scopeSpans) writeScopeSpans(writer, scope);
    writer.join();
  }
  return writer.finish();
}

function writeScopeSpans(writer: BinaryWriter, { scope, spans }: ScopeSpans): void {
  openMessage(writer, RESOURCE_SPANS.scopeSpans);
  writeScope(writer, SCOPE_SPANS.scope, scope);
  for (const span of spans) writeSpan(writer, span);
  writer.join();
}

function writeSpan(writer: BinaryWriter, span: Span): void {
  openMessage(writer, SCOPE_SPANS.spans);
  writeId(writer, SPAN.traceId, span.traceId);
  writeId(writer, SPAN.spanId, span.spanId);
  writeText(writer, SPAN.traceState, span.traceState);
  if (span.parentSpanId !== null) writeId(writer, SPAN.parentSpanId, span.parentSpanId);
  writeText(writer, SPAN.name, span.name);
  writer.tag(SPAN.kind, WireType.Varint).int32(span.kind);
  writeTime(writer, SPAN.start, span.start);
  writeTime(writer, SPAN.end, span.end);
  writeAttributes(writer, SPAN.attributes, span.attributes);
  for (const link of span.links ?? []) writeLink(writer, link);
  writeStatus(writer, span.status);
  writeFlags(writer, SPAN.flags, span.flags);
  writer.join();
}

function writeLink(writer: BinaryWriter, link: SpanLink): void {
  openMessage(writer, SPAN.links);
  writeId(writer, LINK.traceId, link.traceId);
  writeId(writer, LINK.spanId, link.spanId);
  writeText(writer, LINK.traceState, link.traceState);
  writeAttributes(writer, LINK.attributes, link.attributes);
  writeFlags(writer, LINK.flags, link.flags);
  writer.join();
}

function writeStatus(writer: BinaryWriter, { code, message }: SpanStatus): void {
  if (code === 0 && message === "") return;
  openMessage(writer, SPAN.status);
  writeText(writer, STATUS.message, message);
  writer.tag(STATUS.code, WireType.Varint).int32(code).join();
}

/**
 * The hex is decoded by hand: the id is already checked, and checking it again takes as long
 * as the rest of the span.
 */
function writeId(writer: BinaryWriter, field: number, id: string): void {
  const bytes = new Uint8Array(id.length / 2);
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = (nibble(id.charCodeAt(2 * at)) << 4) | nibble(id.charCodeAt(2 * at + 1));
  }
  writer.tag(field, WireType.LengthDelimited).bytes(bytes);
}

/** The value of a lower-case hex digit, of which `code` is the character code. */
function nibble(code: number): number {
  return code > 57 ? code - 87 : code - 48;
}

function writeTime(writer: BinaryWriter, field: number, time: UnixNano): void {
  writer.tag(field, WireType.Bit64).fixed64(unixNanoToUint64(time));
}

function writeFlags(writer: BinaryWriter, field: number, flags: number): void {
  if (flags !== 0) writer.tag(field, WireType.Bit32).fixed32(flags);
}
