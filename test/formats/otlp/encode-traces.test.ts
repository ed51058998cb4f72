import { fromBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeTraces } from "#formats/otlp/decode-traces.ts";
import { encodeTraces } from "#formats/otlp/encode-traces.ts";
import {
  NO_ATTRIBUTES,
  type ResourceSpans,
  SPAN_KIND,
  type Span,
  STATUS_CODE,
} from "#formats/otlp/trace-model.ts";
import { ExportTraceServiceRequestSchema } from "./gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import { modelOf, ofOtlpJson, traceRequest } from "./generated-traces.ts";

const span: Span = {
  traceId: "5b8efff798038103d269b633813fc60c",
  spanId: "eee19b7ec3c1b174",
  parentSpanId: "eee19b7ec3c1b173",
  traceState: "ot=th:c",
  flags: 0x301,
  name: "tools/call list_repos",
  kind: SPAN_KIND.server,
  start: { ms: 1_795_333_292_123, nanos: 456_789 },
  end: { ms: 1_795_333_292_200, nanos: 0 },
  attributes: new Map<string, string | number | bigint | boolean>([
    ["text", ""],
    ["yes", false],
    ["whole", -7],
    ["part", 0.5],
    ["large", 2n ** 62n],
    ["none", Number.NaN],
  ]),
  status: { code: STATUS_CODE.error, message: "upstream: 500" },
};

const root: Span = {
  ...span,
  parentSpanId: null,
  traceState: "",
  flags: 0,
  attributes: NO_ATTRIBUTES,
  status: { code: STATUS_CODE.unset, message: "" },
};

const traces: ResourceSpans[] = [
  {
    resource: new Map([["service.name", "mcpg"]]),
    scopeSpans: [{ scope: { name: "mcpg", version: "0.1.0" }, spans: [span, root] }],
  },
];

const link = {
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  spanId: "00f067aa0ba902b7",
  traceState: "a=b",
  flags: 1,
  attributes: new Map([["reason", "client"]]),
};
const linked: ResourceSpans[] = [
  {
    ...traces[0]!,
    scopeSpans: [{ ...traces[0]!.scopeSpans[0]!, spans: [{ ...span, links: [link] }] }],
  },
];

describe("encodeTraces", () => {
  it("writes protobuf that the generated codec reads back whole", () => {
    const request = fromBinary(ExportTraceServiceRequestSchema, encodeTraces(traces, "protobuf"));
    expect(modelOf(request)).toEqual(traces);
  });

  it("writes OTLP/JSON that the generated codec reads back whole", () => {
    const text = new TextDecoder().decode(encodeTraces(traces, "json"));
    expect(modelOf(ofOtlpJson(text))).toEqual(traces);
    expect(JSON.parse(text).resourceSpans[0].scopeSpans[0].spans[0]).toMatchObject({
      traceId: span.traceId,
      kind: 2,
      startTimeUnixNano: "1795333292123456789",
      attributes: expect.arrayContaining([{ key: "whole", value: { intValue: "-7" } }]),
      status: { code: 2, message: "upstream: 500" },
    });
  });

  it("writes links, the same in both encodings", () => {
    const fromProtobuf = fromBinary(
      ExportTraceServiceRequestSchema,
      encodeTraces(linked, "protobuf"),
    );
    const fromJson = ofOtlpJson(new TextDecoder().decode(encodeTraces(linked, "json")));
    expect(fromJson).toEqual(fromProtobuf);
    const [read] = fromProtobuf.resourceSpans[0]!.scopeSpans[0]!.spans[0]!.links;
    expect(read).toMatchObject({ traceState: "a=b", flags: 1 });
    expect(read!.spanId).toEqual(Uint8Array.of(0, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7));
  });

  it("writes what it decoded from any request, in either encoding", () => {
    const property = fc.property(traceRequest, (request) => {
      const model = modelOf(request);
      for (const encoding of ["protobuf", "json"] as const) {
        expect(decodeTraces(encodeTraces(model, encoding), encoding)).toEqual(model);
      }
    });
    fc.assert(property, { numRuns: 150 });
  });
});
