/**
 * `ExportTraceServiceRequest` from JSON: the protobuf JSON mapping, with what OTLP changes of it
 * (opentelemetry-proto docs/specification.md, "JSON Protobuf Encoding"): ids are hex in any case, names
 * lowerCamelCase only, unknown names passed over. As in the mapping, null is "not set" (within a list a
 * message without fields, as the Collector reads it), and 64-bit integers are decimal strings or numbers.
 */
import { readJson } from "#formats/read-json.ts";
import { MalformedMessage, MessageTooLarge } from "./decode-error.ts";
import { parseAttributes } from "./parse-attributes.ts";
import {
  enumOf,
  type JsonObject,
  listOf,
  messageOf,
  textField,
  uint32Of,
} from "./parse-json-fields.ts";
import {
  type InstrumentationScope,
  LINKS_MAX,
  NO_ATTRIBUTES,
  type ResourceSpans,
  type ScopeSpans,
  SPAN_KIND,
  SPANS_MAX,
  type Span,
  type SpanLink,
  type SpanStatus,
  STATUS_CODE,
  STATUS_UNSET,
} from "./trace-model.ts";
import { parseUnixNano, UNIX_EPOCH, type UnixNano } from "./unix-nano.ts";

/** Throws on bytes that are no such request. Resources and scopes without spans are left out. */
export function parseTraces(bytes: Uint8Array): ResourceSpans[] {
  const request = messageOf(parseJson(bytes), "the request");
  const budget = { spans: SPANS_MAX };
  const list: ResourceSpans[] = [];
  for (const entry of listOf(request["resourceSpans"], "resourceSpans")) {
    const resourceSpans = messageOf(entry, "resourceSpans");
    const scopeSpans = parseScopeSpans(resourceSpans["scopeSpans"], budget);
    if (scopeSpans.length === 0) continue;
    const resource = messageOf(resourceSpans["resource"], "resource");
    list.push({ resource: parseAttributes(resource["attributes"]), scopeSpans });
  }
  return list;
}

/** In 4 MiB one in eight bytes: an attribute, the densest that a span has, is four in 35. */
const VALUES_MAX = 524_288;
const NOT_JSON = "the body is not JSON in UTF-8";

function parseJson(bytes: Uint8Array): unknown {
  const reading = readJson(textOf(bytes), VALUES_MAX);
  if ("value" in reading) return reading.value;
  if (reading.refusal === "too_many") throw new MessageTooLarge("the request has too many values");
  // As Protobuf's own readers of JSON do.
  const isTwice = reading.refusal === "named_twice";
  throw new MalformedMessage(isTwice ? "a member is named twice" : NOT_JSON);
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw new MalformedMessage(NOT_JSON);
  }
}

function parseScopeSpans(value: unknown, budget: { spans: number }): ScopeSpans[] {
  const list: ScopeSpans[] = [];
  for (const entry of listOf(value, "scopeSpans")) {
    const scopeSpans = messageOf(entry, "scopeSpans");
    const spans = listOf(scopeSpans["spans"], "spans");
    if (spans.length === 0) continue;
    budget.spans -= spans.length;
    if (budget.spans < 0) throw new MessageTooLarge(`more than ${SPANS_MAX} spans in one request`);
    const scope = parseScope(messageOf(scopeSpans["scope"], "scope"));
    list.push({ scope, spans: spans.map((span) => parseSpan(messageOf(span, "spans"))) });
  }
  return list;
}

function parseScope(message: JsonObject): InstrumentationScope {
  return {
    name: textField(message["name"], "name"),
    version: textField(message["version"], "version"),
  };
}

function parseSpan(message: JsonObject): Span {
  const links = parseLinks(message["links"]);
  return {
    traceId: parseId(message["traceId"], "traceId", TRACE_ID),
    spanId: parseId(message["spanId"], "spanId", SPAN_ID),
    parentSpanId: parseId(message["parentSpanId"], "parentSpanId", SPAN_ID) || null,
    traceState: textField(message["traceState"], "traceState"),
    flags: uint32Of(message["flags"], "flags"),
    name: textField(message["name"], "name"),
    kind: enumOf(message["kind"], "kind", "SPAN_KIND_", SPAN_KIND),
    start: parseTime(message["startTimeUnixNano"], "startTimeUnixNano"),
    end: parseTime(message["endTimeUnixNano"], "endTimeUnixNano"),
    attributes: parseAttributes(message["attributes"]),
    status: parseStatus(message["status"]),
    ...(links.length > 0 && { links }),
  };
}

/** Of an invalid link nothing is left. */
function parseLinks(value: unknown): SpanLink[] {
  const links: SpanLink[] = [];
  for (const entry of listOf(value, "links")) {
    const message = messageOf(entry, "links");
    const traceId = parseId(message["traceId"], "traceId", TRACE_ID);
    const spanId = parseId(message["spanId"], "spanId", SPAN_ID);
    if (traceId === "" || spanId === "" || links.length >= LINKS_MAX) continue;
    links.push({ traceId, spanId, traceState: "", flags: 0, attributes: NO_ATTRIBUTES });
  }
  return links;
}

function parseStatus(value: unknown): SpanStatus {
  if (value === undefined) return STATUS_UNSET;
  const message = messageOf(value, "status");
  return {
    code: enumOf(message["code"], "code", "STATUS_CODE_", STATUS_CODE),
    message: textField(message["message"], "message"),
  };
}

const TRACE_ID = /^(?!0{32})[\da-f]{32}$/;
const SPAN_ID = /^(?!0{16})[\da-f]{16}$/;

/** Empty if the id is invalid, as from protobuf: that is a matter of one span, not of the request. */
function parseId(value: unknown, field: string, form: RegExp): string {
  const id = textField(value, field);
  if (id.length > 32) return "";
  const lower = id.toLowerCase();
  return form.test(lower) ? lower : "";
}

function parseTime(value: unknown, field: string): UnixNano {
  if (value === undefined || value === null) return UNIX_EPOCH;
  const time = parseUnixNano(value);
  if (time === undefined) throw new MalformedMessage(`${field} must be nanoseconds since 1970`);
  return time;
}
