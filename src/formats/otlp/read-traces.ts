/**
 * `ExportTraceServiceRequest` from protobuf: opentelemetry-proto collector/trace/v1/trace_service.proto,
 * trace/v1/trace.proto, resource/v1/resource.proto. The constants are tags, field number × 8 + wire type,
 * so that a field of another wire type is an unknown field.
 */
import { MessageTooLarge } from "./decode-error.ts";
import { MessageReader } from "./message-reader.ts";
import { readAttribute } from "./read-attributes.ts";
import {
  type Attributes,
  type InstrumentationScope,
  LINKS_MAX,
  NO_ATTRIBUTES,
  type ResourceSpans,
  type ScopeSpans,
  SPANS_MAX,
  type Span,
  type SpanStatus,
  STATUS_UNSET,
} from "./trace-model.ts";
import { UNIX_EPOCH } from "./unix-nano.ts";

const REQUEST = { resourceSpans: 0x0a } as const;
const RESOURCE_SPANS = { resource: 0x0a, scopeSpans: 0x12 } as const;
const RESOURCE = { attributes: 0x0a } as const;
const SCOPE_SPANS = { scope: 0x0a, spans: 0x12 } as const;
const SCOPE = { name: 0x0a, version: 0x12 } as const;
const SPAN = {
  traceId: 0x0a,
  spanId: 0x12,
  traceState: 0x1a,
  parentSpanId: 0x22,
  name: 0x2a,
  kind: 0x30,
  start: 0x39,
  end: 0x41,
  attributes: 0x4a,
  links: 0x6a,
  status: 0x7a,
  flags: 0x85,
} as const;
const LINK = { traceId: 0x0a, spanId: 0x12 } as const;
const STATUS = { message: 0x12, code: 0x18 } as const;

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

type Draft<Message> = { -readonly [Field in keyof Message]: Message[Field] };

/** Throws on bytes that are no such request. */
export function readTraces(bytes: Uint8Array): ResourceSpans[] {
  const reader = new MessageReader(bytes);
  const budget = { spans: SPANS_MAX };
  const resourceSpans: ResourceSpans[] = [];
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag !== REQUEST.resourceSpans) reader.skipField(tag);
    else addUnlessEmpty(resourceSpans, readResourceSpans(reader, budget));
  }
  return resourceSpans;
}

/** Without spans there is nothing to say of a resource, and empty ones are cheap to send by the million. */
function addUnlessEmpty(list: ResourceSpans[], resourceSpans: ResourceSpans): void {
  if (resourceSpans.scopeSpans.length > 0) list.push(resourceSpans);
}

function readResourceSpans(reader: MessageReader, budget: { spans: number }): ResourceSpans {
  let resource = NO_ATTRIBUTES;
  const scopeSpans: ScopeSpans[] = [];
  reader.open();
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === RESOURCE_SPANS.resource) resource = readResource(reader, resource);
    else if (tag === RESOURCE_SPANS.scopeSpans) readScopeSpans(reader, scopeSpans, budget);
    else reader.skipField(tag);
  }
  return { resource, scopeSpans };
}

function readResource(reader: MessageReader, given: Attributes): Attributes {
  let attributes = given;
  reader.open();
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === RESOURCE.attributes) attributes = readAttribute(reader, attributes);
    else reader.skipField(tag);
  }
  return attributes;
}

function readScopeSpans(
  reader: MessageReader,
  list: ScopeSpans[],
  budget: { spans: number },
): void {
  const scope = { name: "", version: "" };
  const spans: Span[] = [];
  reader.open();
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === SCOPE_SPANS.spans) spans.push(readSpan(reader, budget));
    else if (tag === SCOPE_SPANS.scope) readScope(reader, scope);
    else reader.skipField(tag);
  }
  if (spans.length > 0) list.push({ scope, spans });
}

function readScope(reader: MessageReader, scope: Draft<InstrumentationScope>): void {
  reader.open();
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === SCOPE.name) scope.name = reader.text();
    else if (tag === SCOPE.version) scope.version = reader.text();
    else reader.skipField(tag);
  }
}

function readSpan(reader: MessageReader, budget: { spans: number }): Span {
  budget.spans -= 1;
  if (budget.spans < 0) throw new MessageTooLarge(`more than ${SPANS_MAX} spans in one request`);
  const span: Draft<Span> = {
    traceId: "",
    spanId: "",
    parentSpanId: null,
    traceState: "",
    flags: 0,
    name: "",
    kind: 0,
    start: UNIX_EPOCH,
    end: UNIX_EPOCH,
    attributes: NO_ATTRIBUTES,
    status: STATUS_UNSET,
  };
  reader.open();
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === SPAN.attributes) span.attributes = readAttribute(reader, span.attributes);
    else readSpanField(reader, tag, span);
  }
  return span;
}

function readSpanField(reader: MessageReader, tag: number, span: Draft<Span>): void {
  switch (tag) {
    case SPAN.traceId:
      span.traceId = reader.id(TRACE_ID_BYTES);
      break;
    case SPAN.spanId:
      span.spanId = reader.id(SPAN_ID_BYTES);
      break;
    case SPAN.parentSpanId:
      span.parentSpanId = reader.id(SPAN_ID_BYTES) || null;
      break;
    case SPAN.traceState:
      span.traceState = reader.text();
      break;
    case SPAN.flags:
      span.flags = reader.fixed32();
      break;
    case SPAN.name:
      span.name = reader.text();
      break;
    case SPAN.kind:
      span.kind = reader.int32();
      break;
    case SPAN.start:
      span.start = reader.unixNano();
      break;
    case SPAN.end:
      span.end = reader.unixNano();
      break;
    case SPAN.links:
      readLink(reader, span);
      break;
    case SPAN.status:
      span.status = readSpanStatus(reader, span.status);
      break;
    default:
      reader.skipField(tag);
  }
}

/** Of an invalid link nothing is left. */
function readLink(reader: MessageReader, span: Draft<Span>): void {
  const link = { traceId: "", spanId: "", traceState: "", flags: 0, attributes: NO_ATTRIBUTES };
  reader.open();
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === LINK.traceId) link.traceId = reader.id(TRACE_ID_BYTES);
    else if (tag === LINK.spanId) link.spanId = reader.id(SPAN_ID_BYTES);
    else reader.skipField(tag);
  }
  const { links = [] } = span;
  if (link.traceId === "" || link.spanId === "" || links.length >= LINKS_MAX) return;
  span.links = [...links, link];
}

/** A message given twice is merged: its fields add to what is there. */
function readSpanStatus(reader: MessageReader, given: SpanStatus): SpanStatus {
  const status = { ...given };
  reader.open();
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === STATUS.code) status.code = reader.int32();
    else if (tag === STATUS.message) status.message = reader.text();
    else reader.skipField(tag);
  }
  return status;
}
