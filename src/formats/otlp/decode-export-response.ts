/**
 * What an OTLP/HTTP server says of a request that it took: `partial_success` of
 * `ExportTraceServiceResponse` (collector/trace/v1/trace_service.proto), or of the metrics' message, which
 * has the same fields (opentelemetry-proto docs/specification.md, "Partial Success").
 */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

const RESPONSE = { partialSuccess: 1 } as const;
const PARTIAL_SUCCESS = { rejected: 1 } as const;

/**
 * How many spans or data points were refused; 0 if nothing says so. A body that cannot be read says
 * nothing: it was a 200, which is success, and some servers answer it with a text of their own.
 */
export function decodeRejectedCount(body: Uint8Array, contentType: string | null): number {
  try {
    const isJson = /^\s*application\/json\b/i.test(contentType ?? "");
    const count = isJson ? parseCount(body) : readCount(new BinaryReader(body));
    return Number.isSafeInteger(count) && count > 0 ? count : 0;
  } catch {
    return 0;
  }
}

/** The protobuf JSON mapping writes an int64 as text, and allows a number. */
function parseCount(body: Uint8Array): number {
  const { partialSuccess } = JSON.parse(new TextDecoder().decode(body)) as {
    partialSuccess?: { rejectedSpans?: unknown; rejectedDataPoints?: unknown } | null;
  };
  return Number(partialSuccess?.rejectedSpans ?? partialSuccess?.rejectedDataPoints ?? 0);
}

function readCount(reader: BinaryReader): number {
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === RESPONSE.partialSuccess && type === WireType.LengthDelimited) {
      return readRejected(new BinaryReader(reader.bytes()));
    }
    reader.skip(type, field);
  }
  return 0;
}

function readRejected(reader: BinaryReader): number {
  let count = 0;
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === PARTIAL_SUCCESS.rejected && type === WireType.Varint) {
      count = Number(reader.int64());
    } else {
      reader.skip(type, field);
    }
  }
  return count;
}
