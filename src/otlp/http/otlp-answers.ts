/** An OTLP route in the document: both encodings in and out, and errors as google.rpc.Status. */
import * as Type from "typebox";
import type { Content, Described } from "#http/route.ts";
import { OTLP_MEDIA_TYPES } from "./otlp-media.ts";

const StatusSchema = Type.Object(
  { code: Type.Integer({ description: "google.rpc.Code" }), message: Type.String() },
  { title: "RpcStatus", description: "google.rpc.Status" },
);

const RequestSchema = Type.Object(
  { resourceSpans: Type.Optional(Type.Array(Type.Object({}, { additionalProperties: true }))) },
  {
    title: "ExportTraceServiceRequest",
    description: "ExportTraceServiceRequest (opentelemetry-proto)",
  },
);

const ResponseSchema = Type.Object(
  {
    partialSuccess: Type.Optional(
      Type.Object({
        rejectedSpans: Type.String({ description: "int64: tool calls that cannot be counted" }),
        errorMessage: Type.String(),
      }),
    ),
  },
  { title: "ExportTraceServiceResponse" },
);

/** OpenAPI has no words for protobuf: its messages are those of the JSON mapping. */
function contentOf(schema: object): Content {
  return {
    [OTLP_MEDIA_TYPES.protobuf]: { type: "string", format: "binary" },
    [OTLP_MEDIA_TYPES.json]: schema,
  };
}

export const TRACES_REQUEST = contentOf(RequestSchema);
export const TRACES_RESPONSE = contentOf(ResponseSchema);

/** A request in neither encoding has its 415 as a problem. */
export const OTLP_ERRORS: NonNullable<Described["errors"]> = {
  descriptions: {
    400: "No OTLP message",
    401: "No token, or an unknown, expired or revoked one",
    403: "The token's org, but a scope is missing",
    404: "Not there, or not this token's to see",
    413: "The body is too large, after decompression",
    429: "Too many requests; see Retry-After",
    500: "An internal error",
    503: "Cannot answer now; see Retry-After",
  },
  content: contentOf(StatusSchema),
};
