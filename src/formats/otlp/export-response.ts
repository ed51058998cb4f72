/**
 * How an OTLP/HTTP server answers, in the encoding that it was asked in: `ExportTraceServiceResponse`
 * (collector/trace/v1/trace_service.proto) with 200, `google.rpc.Status` with every 4xx and 5xx
 * (opentelemetry-proto docs/specification.md, "OTLP/HTTP Response").
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { jsonBytes } from "./format-attributes.ts";
import type { OtlpEncoding } from "./trace-model.ts";
import { openMessage, writeText } from "./write-attributes.ts";

const RESPONSE = { partialSuccess: 1 } as const;
const PARTIAL_SUCCESS = { rejectedSpans: 1, errorMessage: 2 } as const;
const STATUS = { code: 1, message: 2 } as const;

export interface PartialSuccess {
  rejectedSpans: number;
  /** In English, for the developer who reads it. With nothing rejected it is a warning. */
  errorMessage: string;
}

/** The codes of google/rpc/code.proto that we answer with. */
export const RPC_CODE = {
  invalidArgument: 3,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

export interface RpcStatus {
  code: number;
  message: string;
}

/**
 * `partial` is null if everything was taken. `partial_success` must be unset then, which
 * leaves an empty message.
 */
export function encodeExportResponse(
  partial: PartialSuccess | null,
  encoding: OtlpEncoding,
): Uint8Array {
  if (encoding === "json") return jsonBytes(partial === null ? {} : formatPartialSuccess(partial));
  const writer = new BinaryWriter();
  if (partial === null) return writer.finish();
  openMessage(writer, RESPONSE.partialSuccess);
  if (partial.rejectedSpans > 0) {
    writer.tag(PARTIAL_SUCCESS.rejectedSpans, WireType.Varint).int64(partial.rejectedSpans);
  }
  writeText(writer, PARTIAL_SUCCESS.errorMessage, partial.errorMessage);
  return writer.join().finish();
}

function formatPartialSuccess({ rejectedSpans, errorMessage }: PartialSuccess): object {
  return { partialSuccess: { rejectedSpans: String(rejectedSpans), errorMessage } };
}

export function encodeStatus({ code, message }: RpcStatus, encoding: OtlpEncoding): Uint8Array {
  if (encoding === "json") return jsonBytes({ code, message });
  const writer = new BinaryWriter();
  if (code !== 0) writer.tag(STATUS.code, WireType.Varint).int32(code);
  writeText(writer, STATUS.message, message);
  return writer.finish();
}
