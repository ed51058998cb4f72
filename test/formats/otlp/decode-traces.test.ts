import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeTraces, isDecodeError } from "#formats/otlp/decode-traces.ts";
import type { Span } from "#formats/otlp/trace-model.ts";
import { ExportTraceServiceRequestSchema } from "./gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import { modelOf, ofOtlpJson, otlpJsonOf, traceRequest } from "./generated-traces.ts";
import { mutations } from "./mutations.ts";
import { officialTrace } from "./official-examples.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const json = (value: unknown) => decodeTraces(utf8(JSON.stringify(value)), "json");

/** A request of one span, in the JSON mapping. */
const withSpan = (span: object) => ({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });

function onlySpan(decoded: ReturnType<typeof decodeTraces>): Span {
  if (isDecodeError(decoded)) throw new Error(decoded.reason);
  return decoded[0]!.scopeSpans[0]!.spans[0]!;
}

function failureOf(decoded: ReturnType<typeof decodeTraces>): string {
  return isDecodeError(decoded) ? decoded.reason : "";
}

/** One span whose only fields are the writer's. */
function spanBytes(write: (span: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter();
  for (const field of [1, 2, 2]) writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  return writer.join().join().join().finish();
}

describe("decodeTraces, the specification's own example", () => {
  const expected = {
    traceId: "5b8efff798038103d269b633813fc60c",
    spanId: "eee19b7ec3c1b174",
    parentSpanId: "eee19b7ec3c1b173",
    traceState: "",
    flags: 0,
    name: "I'm a server span",
    kind: 2,
    start: { ms: 1_544_712_660_000, nanos: 0 },
    end: { ms: 1_544_712_661_000, nanos: 0 },
    attributes: new Map([["my.span.attr", "some value"]]),
    status: { code: 0, message: "" },
  };
  const model = [
    {
      resource: new Map([["service.name", "my.service"]]),
      scopeSpans: [{ scope: { name: "my.library", version: "1.0.0" }, spans: [expected] }],
    },
  ];

  it("is read from JSON as it stands there", () => {
    expect(json(officialTrace)).toEqual(model);
  });

  it("is read from protobuf alike", () => {
    const request = ofOtlpJson(JSON.stringify(officialTrace));
    const bytes = toBinary(ExportTraceServiceRequestSchema, request);
    expect(decodeTraces(bytes, "protobuf")).toEqual(model);
  });
});

describe("decodeTraces, held to the generated codec", () => {
  it("reads from protobuf what the codec wrote", () => {
    const property = fc.property(traceRequest, (request) => {
      const bytes = toBinary(ExportTraceServiceRequestSchema, request);
      const written = fromBinary(ExportTraceServiceRequestSchema, bytes);
      expect(decodeTraces(bytes, "protobuf")).toEqual(modelOf(written));
    });
    fc.assert(property, { numRuns: 300 });
  });

  it("reads the same from JSON", () => {
    const property = fc.property(traceRequest, (request) => {
      const json = otlpJsonOf(request);
      // Of what JSON carries: it has no -0.
      expect(decodeTraces(utf8(json), "json")).toEqual(modelOf(ofOtlpJson(json)));
    });
    fc.assert(property, { numRuns: 300 });
  });

  it("reads messages that arrive in two parts as protobuf merges them", () => {
    const property = fc.property(traceRequest, traceRequest, (one, other) => {
      const bytes = new Uint8Array([
        ...toBinary(ExportTraceServiceRequestSchema, one),
        ...toBinary(ExportTraceServiceRequestSchema, other),
      ]);
      const merged = fromBinary(ExportTraceServiceRequestSchema, bytes);
      expect(decodeTraces(bytes, "protobuf")).toEqual(modelOf(merged));
    });
    fc.assert(property, { numRuns: 50 });
  });
});

describe("decodeTraces, protobuf", () => {
  it("takes an empty body for an empty request", () => {
    expect(decodeTraces(new Uint8Array(0), "protobuf")).toEqual([]);
  });

  it("passes over a field that is unknown or of another wire type, groups too", () => {
    const bytes = spanBytes((span) => {
      span.tag(1000, WireType.LengthDelimited).string("unknown");
      span.tag(5, WireType.Varint).uint32(7);
      span.tag(999, WireType.StartGroup).tag(1, WireType.Varint).uint32(1);
      span.tag(999, WireType.EndGroup);
      span.tag(5, WireType.LengthDelimited).string("name");
    });
    expect(onlySpan(decodeTraces(bytes, "protobuf")).name).toBe("name");
  });

  it("replaces bytes that are no UTF-8, and keeps the span", () => {
    const bytes = spanBytes((span) => {
      span.tag(5, WireType.LengthDelimited).bytes(Uint8Array.of(0x61, 0xff, 0x62));
    });
    expect(onlySpan(decodeTraces(bytes, "protobuf")).name).toBe("a\ufffdb");
  });

  it("does not take two texts of one length for the same", () => {
    const names = Array.from({ length: 2_000 }, (_, index) => `tool_${1_000 + index}`);
    const writer = new BinaryWriter();
    for (const field of [1, 2]) writer.tag(field, WireType.LengthDelimited).fork();
    for (const name of [...names, ...names]) {
      writer.tag(2, WireType.LengthDelimited).fork();
      writer.tag(5, WireType.LengthDelimited).string(name).join();
    }
    const decoded = decodeTraces(writer.join().join().finish(), "protobuf");
    if (isDecodeError(decoded)) throw new Error(decoded.reason);
    expect(decoded[0]!.scopeSpans[0]!.spans.map(({ name }) => name)).toEqual([...names, ...names]);
  });

  it("refuses a message that runs over the end of the one that holds it", () => {
    // A span of 4 bytes says that it has 9, within a request that has room for them.
    const bytes = Uint8Array.of(0x0a, 4, 0x12, 2, 0x12, 9, 0x0a, 0, 0x0a, 0, 0x0a, 0, 0x0a, 0);
    expect(failureOf(decodeTraces(bytes, "protobuf"))).toMatch(/runs over the end/);
  });

  it("refuses lengths that lie, field number 0 and bytes that stop short", () => {
    const lies = [
      [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f],
      [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
      [0x0a, 2, 0x12, 0x7f],
      [0x00, 0x00],
      [0x0b],
      [0x0c],
      [0x0f],
      [0x80],
    ];
    for (const bytes of lies) {
      expect(failureOf(decodeTraces(Uint8Array.from(bytes), "protobuf"))).not.toBe("");
    }
  });

  it("reads past attribute values nested 3,000 deep, and refuses groups nested so", () => {
    let value = Uint8Array.of(0x0a, 1, 0x78);
    for (let level = 0; level < 3_000; level += 1) {
      const list = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(value).finish();
      value = new BinaryWriter().tag(5, WireType.LengthDelimited).bytes(list).finish();
    }
    const bytes = spanBytes((span) => {
      span.tag(9, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).string("deep");
      span.tag(2, WireType.LengthDelimited).bytes(value).join();
      span.tag(5, WireType.LengthDelimited).string("name");
    });
    expect(onlySpan(decodeTraces(bytes, "protobuf"))).toMatchObject({
      name: "name",
      attributes: new Map(),
    });
    const groups = new Uint8Array(10_000).fill(0x0b);
    expect(failureOf(decodeTraces(groups, "protobuf"))).not.toBe("");
  });

  it("refuses what would fill memory: more than 10,000 spans; a million empty messages are none", () => {
    const spans = new Uint8Array(20_002).map((_, at) => (at % 2 === 0 ? 0x12 : 0));
    const scope = new BinaryWriter().tag(2, WireType.LengthDelimited).bytes(spans).finish();
    const bytes = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(scope).finish();
    expect(failureOf(decodeTraces(bytes, "protobuf"))).toMatch(/10000 spans/);
    const empty = new Uint8Array(2_000_000).map((_, at) => (at % 2 === 0 ? 0x0a : 0));
    expect(decodeTraces(empty, "protobuf")).toEqual([]);
  });
});

describe("decodeTraces, JSON", () => {
  it("takes 64-bit integers as strings and as numbers, and int32 likewise", () => {
    const time = "1544712660000000001";
    expect(onlySpan(json(withSpan({ startTimeUnixNano: time, flags: "769" })))).toMatchObject({
      start: { ms: 1_544_712_660_000, nanos: 1 },
      flags: 769,
    });
    const number = utf8(JSON.stringify(withSpan({ endTimeUnixNano: 0 })).replace("0}", `${time}}`));
    expect(onlySpan(decodeTraces(number, "json")).end).toEqual({ ms: 1_544_712_660_000, nanos: 0 });
    const attributes = [
      { key: "a", value: { intValue: "9007199254740993" } },
      { key: "b", value: { intValue: -5 } },
    ];
    expect(onlySpan(json(withSpan({ attributes }))).attributes).toEqual(
      new Map<string, unknown>([
        ["a", 9_007_199_254_740_993n],
        ["b", -5],
      ]),
    );
  });

  it("takes ids in any case, and one that is invalid as none", () => {
    const ids = ["5B8EFFF798038103D269B633813FC60C", "eee19b7ec3c1b17", "xyz", "", "0".repeat(32)];
    const read = ids.map((traceId) => onlySpan(json(withSpan({ traceId }))).traceId);
    expect(read).toEqual(["5b8efff798038103d269b633813fc60c", "", "", "", ""]);
  });

  it("takes absent and null for the default, and passes over names it does not know", () => {
    const span = { name: null, kind: null, attributes: null, status: null, spanName: { deep: [] } };
    expect(onlySpan(json({ ...withSpan(span), extra: 1 }))).toEqual(onlySpan(json(withSpan({}))));
    expect(onlySpan(json(withSpan({ span_id: "eee19b7ec3c1b174" }))).spanId).toBe("");
    expect(json({})).toEqual([]);
    expect(json({ resourceSpans: [{}, { scopeSpans: [{}, { spans: [] }] }] })).toEqual([]);
  });

  it("takes enums by number and by name", () => {
    const kindOf = (kind: unknown) => onlySpan(json(withSpan({ kind }))).kind;
    expect([2, "2", "SPAN_KIND_SERVER", "SPAN_KIND_UNSPECIFIED"].map(kindOf)).toEqual([2, 2, 2, 0]);
    const codeOf = (code: unknown) => onlySpan(json(withSpan({ status: { code } }))).status.code;
    expect([2, "STATUS_CODE_ERROR", "STATUS_CODE_UNSET"].map(codeOf)).toEqual([2, 2, 0]);
  });

  it("takes null in a list for a message without fields", () => {
    expect(json({ resourceSpans: [null] })).toEqual([]);
    expect(json({ resourceSpans: [{ scopeSpans: [null] }] })).toEqual([]);
    expect(onlySpan(json({ resourceSpans: [{ scopeSpans: [{ spans: [null] }] }] })).traceId).toBe(
      "",
    );
  });

  it("refuses enum names that are none, and values of another type", () => {
    const wrong: object[] = [
      { kind: "SPAN_KIND_server" },
      { kind: "SPAN_KIND_TOSTRING" },
      { kind: "SERVER" },
      { kind: 1.5 },
      { kind: -1 },
      { status: { code: "STATUS_CODE_BAD" } },
      { name: 7 },
      { traceId: 7 },
      { startTimeUnixNano: "-1" },
      { startTimeUnixNano: "1e9" },
      { startTimeUnixNano: "18446744073709551616" },
      { startTimeUnixNano: 1.5 },
      { attributes: {} },
      { attributes: [7] },
      { attributes: [{ key: "a", value: { intValue: "9223372036854775808" } }] },
      { attributes: [{ key: "a", value: { intValue: "1.5" } }] },
      { attributes: [{ key: "a", value: { boolValue: "true" } }] },
      { attributes: [{ key: "a", value: { doubleValue: "" } }] },
      { attributes: [{ key: 7, value: { boolValue: true } }] },
      { status: [] },
    ];
    for (const span of wrong)
      expect(failureOf(json(withSpan(span))), JSON.stringify(span)).not.toBe("");
    for (const request of [7, "x", [], { resourceSpans: {} }, { resourceSpans: ["x"] }]) {
      expect(failureOf(json(request)), JSON.stringify(request)).not.toBe("");
    }
  });

  it("refuses what is no JSON in UTF-8, and never quotes it", () => {
    for (const body of [utf8(""), utf8("{secret"), Uint8Array.of(0x22, 0xff, 0x22)]) {
      expect(failureOf(decodeTraces(body, "json"))).toBe("the body is not JSON in UTF-8");
    }
  });

  it("reads past values nested 100,000 deep", () => {
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    const body = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"n","attributes":[{"key":"k","value":
      {"arrayValue":${deep}}}]}]}]}]}`;
    expect(onlySpan(decodeTraces(utf8(body), "json"))).toMatchObject({
      name: "n",
      attributes: new Map(),
    });
  });
});

describe("decodeTraces, damaged bodies", () => {
  it("answers each of 3,000 with spans or a failure, and never throws", () => {
    const answers = { spans: 0, failures: 0 };
    for (const request of fc.sample(traceRequest, { numRuns: 60, seed: 20_261_122 })) {
      const binary = toBinary(ExportTraceServiceRequestSchema, request);
      const text = utf8(otlpJsonOf(request));
      for (const bytes of mutations(binary, 25)) count(decodeTraces(bytes, "protobuf"));
      for (const bytes of mutations(text, 25)) count(decodeTraces(bytes, "json"));
    }
    function count(decoded: ReturnType<typeof decodeTraces>): void {
      if (isDecodeError(decoded)) answers.failures += 1;
      else answers.spans += 1;
    }
    expect(answers.spans + answers.failures).toBe(3_000);
    expect(Math.min(answers.spans, answers.failures)).toBeGreaterThan(100);
  });

  it("refuses a body that was cut short exactly where the generated codec does", () => {
    for (const request of fc.sample(traceRequest, { numRuns: 20, seed: 7 })) {
      const binary = toBinary(ExportTraceServiceRequestSchema, request);
      for (let length = 1; length < binary.length; length += 11) {
        const cut = binary.subarray(0, length);
        expect(isDecodeError(decodeTraces(cut, "protobuf"))).toBe(isRefused(cut));
      }
    }
  });
});

function isRefused(bytes: Uint8Array): boolean {
  try {
    fromBinary(ExportTraceServiceRequestSchema, bytes);
    return false;
  } catch {
    return true;
  }
}
