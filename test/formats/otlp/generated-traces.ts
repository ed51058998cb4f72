/**
 * Requests of any content, made by the codec that is generated from the official schema (gen/), and what
 * our decoders should make of them. They hold what we pass over too: events, what links say, values that are no
 * scalar, counts, schema URLs.
 */
import {
  create,
  fromJson,
  type JsonValue,
  type MessageInitShape,
  toJson,
} from "@bufbuild/protobuf";
import fc from "fast-check";
import {
  type Attributes,
  type AttributeValue,
  LINKS_MAX,
  NO_ATTRIBUTES,
  type ResourceSpans,
  type Span,
} from "#formats/otlp/trace-model.ts";
import { unixNanoFromHalves } from "#formats/otlp/unix-nano.ts";
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from "./gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import type {
  AnyValueSchema,
  KeyValue,
  KeyValueSchema,
} from "./gen/opentelemetry/proto/common/v1/common_pb.ts";
import type {
  ResourceSpansSchema,
  SpanSchema,
  Span as WireSpan,
} from "./gen/opentelemetry/proto/trace/v1/trace_pb.ts";

type Init<Schema extends Parameters<typeof create>[0]> = MessageInitShape<Schema>;

const text = fc.oneof(fc.string({ maxLength: 60 }), fc.string({ unit: "grapheme", maxLength: 20 }));
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const uint32 = fc.nat({ max: 2 ** 32 - 1 });

const { anyValue } = fc.letrec<{ anyValue: Init<typeof AnyValueSchema> }>((tie) => {
  const value = tie("anyValue") as fc.Arbitrary<Init<typeof AnyValueSchema>>;
  const one = <Case extends string, Value>(name: Case, values: fc.Arbitrary<Value>) =>
    values.map((of) => ({ value: { case: name, value: of } }));
  return {
    anyValue: fc.oneof(
      { maxDepth: 4 },
      one("stringValue", text),
      one("boolValue", fc.boolean()),
      one("intValue", fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      one("intValue", fc.maxSafeInteger().map(BigInt)),
      // JSON has one zero.
      one(
        "doubleValue",
        fc.double().filter((number) => !Object.is(number, -0)),
      ),
      one("bytesValue", fc.uint8Array({ maxLength: 20 })),
      fc.constant({}),
      one("arrayValue", fc.record({ values: fc.array(value, { maxLength: 3 }) })),
      one(
        "kvlistValue",
        fc.record({ values: fc.array(fc.record({ key: text, value }), { maxLength: 3 }) }),
      ),
    ) as fc.Arbitrary<Init<typeof AnyValueSchema>>,
  };
});

const keys = fc.oneof(text, fc.constantFrom("service.name", "mcp.method.name", "gen_ai.tool.name"));
const attributes: fc.Arbitrary<Init<typeof KeyValueSchema>[]> = fc.array(
  fc.record({ key: keys, value: anyValue }),
  { maxLength: 8 },
);

const id = (length: number) =>
  fc.oneof(
    { weight: 9, arbitrary: fc.uint8Array({ minLength: length, maxLength: length }) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: length + 2 }) },
    { weight: 1, arbitrary: fc.constant(new Uint8Array(length)) },
  );

const span = fc.record({
  traceId: id(16),
  spanId: id(8),
  parentSpanId: id(8),
  traceState: text,
  flags: uint32,
  name: text,
  kind: fc.nat({ max: 9 }),
  startTimeUnixNano: uint64,
  endTimeUnixNano: uint64,
  attributes,
  droppedAttributesCount: uint32,
  events: fc.array(fc.record({ name: text, timeUnixNano: uint64, attributes }), { maxLength: 2 }),
  links: fc.array(fc.record({ traceId: id(16), spanId: id(8), attributes }), { maxLength: 6 }),
  status: fc.record({ code: fc.nat({ max: 3 }), message: text }),
  // A kind and a code that are not in the schema are numbers like the others: the types do not say so.
}) as unknown as fc.Arbitrary<Init<typeof SpanSchema>>;

const resourceSpans: fc.Arbitrary<Init<typeof ResourceSpansSchema>> = fc.record({
  resource: fc.record({ attributes, droppedAttributesCount: uint32 }),
  scopeSpans: fc.array(
    fc.record({
      scope: fc.record({ name: text, version: text, attributes }),
      spans: fc.array(span, { maxLength: 4 }),
      schemaUrl: text,
    }),
    { maxLength: 2 },
  ),
  schemaUrl: text,
});

export const traceRequest: fc.Arbitrary<ExportTraceServiceRequest> = fc
  .record({ resourceSpans: fc.array(resourceSpans, { maxLength: 3 }) })
  .map((init) => create(ExportTraceServiceRequestSchema, init));

/** What a decoder should make of the message. */
export function modelOf({ resourceSpans: list }: ExportTraceServiceRequest): ResourceSpans[] {
  return list
    .map(({ resource, scopeSpans }) => ({
      resource: attributesOf(resource?.attributes ?? []),
      scopeSpans: scopeSpans
        .map(({ scope, spans }) => ({
          scope: { name: scope?.name ?? "", version: scope?.version ?? "" },
          spans: spans.map(spanOf),
        }))
        .filter(({ spans }) => spans.length > 0),
    }))
    .filter(({ scopeSpans }) => scopeSpans.length > 0);
}

function spanOf(wire: WireSpan): Span {
  const links = wire.links
    .map(({ traceId, spanId }) => ({
      ...{ traceId: idOf(traceId, 16), spanId: idOf(spanId, 8) },
      ...{ traceState: "", flags: 0, attributes: NO_ATTRIBUTES },
    }))
    .filter(({ traceId, spanId }) => traceId !== "" && spanId !== "")
    .slice(0, LINKS_MAX);
  return {
    traceId: idOf(wire.traceId, 16),
    spanId: idOf(wire.spanId, 8),
    parentSpanId: idOf(wire.parentSpanId, 8) || null,
    traceState: wire.traceState,
    flags: wire.flags,
    name: wire.name,
    kind: wire.kind,
    start: timeOf(wire.startTimeUnixNano),
    end: timeOf(wire.endTimeUnixNano),
    attributes: attributesOf(wire.attributes),
    status: { code: wire.status?.code ?? 0, message: wire.status?.message ?? "" },
    ...(links.length > 0 && { links }),
  };
}

function timeOf(nanos: bigint) {
  return unixNanoFromHalves(Number(nanos & 0xffffffffn), Number(nanos >> 32n));
}

function idOf(bytes: Uint8Array, length: number): string {
  if (bytes.length !== length || bytes.every((byte) => byte === 0)) return "";
  return hexOf(bytes);
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function attributesOf(list: readonly KeyValue[]): Attributes {
  const map = new Map<string, AttributeValue>();
  for (const { key, value } of list) {
    const scalar = scalarOf(value?.value);
    if (scalar !== null) map.set(key, scalar);
  }
  return map;
}

function scalarOf(value: NonNullable<KeyValue["value"]>["value"] | undefined) {
  switch (value?.case) {
    case "stringValue":
    case "boolValue":
    case "doubleValue":
      return value.value;
    case "intValue": {
      const number = Number(value.value);
      return Number.isSafeInteger(number) ? number : value.value;
    }
    default:
      return null;
  }
}

const ID_NAME = /^(traceId|spanId|parentSpanId)$/;

/** OTLP/JSON: the protobuf JSON mapping with ids in hex, here in capitals, and enums as integers. */
export function otlpJsonOf(request: ExportTraceServiceRequest): string {
  const json = toJson(ExportTraceServiceRequestSchema, request, { enumAsInteger: true });
  return JSON.stringify(json, (name, value: JsonValue) => {
    if (!ID_NAME.test(name) || typeof value !== "string") return value;
    return hexOf(Uint8Array.from(atob(value), (char) => char.charCodeAt(0))).toUpperCase();
  });
}

/** And back. */
export function ofOtlpJson(text: string): ExportTraceServiceRequest {
  const json = JSON.parse(text, (name, value) => {
    if (!ID_NAME.test(name) || typeof value !== "string") return value;
    const bytes = value.match(/../g)?.map((pair) => Number.parseInt(pair, 16)) ?? [];
    return btoa(String.fromCharCode(...bytes));
  });
  return fromJson(ExportTraceServiceRequestSchema, json);
}
