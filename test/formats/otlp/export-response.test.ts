import { fromBinary, fromJson } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { encodeExportResponse, encodeStatus, RPC_CODE } from "#formats/otlp/export-response.ts";
import { ExportTraceServiceResponseSchema } from "./gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe("encodeExportResponse", () => {
  it("leaves partial_success unset when all was taken: no bytes, and {}", () => {
    expect(encodeExportResponse(null, "protobuf")).toEqual(new Uint8Array(0));
    expect(text(encodeExportResponse(null, "json"))).toBe("{}");
  });

  it("says what was rejected and why, the count as a 64-bit integer", () => {
    const partial = { rejectedSpans: 3, errorMessage: "a tools/call span names no tool" };
    const binary = encodeExportResponse(partial, "protobuf");
    const json = text(encodeExportResponse(partial, "json"));
    expect(json).toBe(
      '{"partialSuccess":{"rejectedSpans":"3","errorMessage":"a tools/call span names no tool"}}',
    );
    const read = fromBinary(ExportTraceServiceResponseSchema, binary);
    expect(read.partialSuccess).toMatchObject({
      rejectedSpans: 3n,
      errorMessage: partial.errorMessage,
    });
    expect(fromJson(ExportTraceServiceResponseSchema, JSON.parse(json))).toEqual(read);
  });

  it("carries a warning with nothing rejected", () => {
    const binary = encodeExportResponse({ rejectedSpans: 0, errorMessage: "w" }, "protobuf");
    const read = fromBinary(ExportTraceServiceResponseSchema, binary);
    expect(read.partialSuccess).toMatchObject({ rejectedSpans: 0n, errorMessage: "w" });
  });
});

describe("encodeStatus", () => {
  it("writes google.rpc.Status: code is field 1, message field 2", () => {
    const status = { code: RPC_CODE.invalidArgument, message: "the body is not JSON in UTF-8" };
    const reader = new BinaryReader(encodeStatus(status, "protobuf"));
    expect([reader.tag(), reader.int32()]).toEqual([[1, 0], 3]);
    expect([reader.tag(), reader.string()]).toEqual([[2, 2], status.message]);
    expect(reader.pos).toBe(reader.len);
    expect(JSON.parse(text(encodeStatus(status, "json")))).toEqual(status);
  });
});
