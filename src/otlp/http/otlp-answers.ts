/** The OpenAPI entry of an OTLP route: both encodings in and out, and errors as google.rpc.Status. */
import type { MiddlewareHandler } from "hono";
import { type DescribeRouteOptions, describeRoute } from "hono-openapi";
import * as Type from "typebox";
import type { Scope } from "#orgs/principal.ts";
import { OTLP_MEDIA_TYPES } from "./otlp-media.ts";

const StatusSchema = Type.Object(
  { code: Type.Integer({ description: "google.rpc.Code" }), message: Type.String() },
  { description: "google.rpc.Status" },
);

const RequestSchema = Type.Object(
  { resourceSpans: Type.Optional(Type.Array(Type.Object({}, { additionalProperties: true }))) },
  { description: "ExportTraceServiceRequest (opentelemetry-proto)" },
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
  { description: "ExportTraceServiceResponse" },
);

const ERRORS: Readonly<Record<number, string>> = {
  400: "No OTLP message",
  401: "No token, or an unknown, expired or revoked one",
  403: "The token's org, but a scope is missing",
  404: "Not there, or not this token's to see",
  413: "The body is too large, after decompression",
  429: "Too many requests; see Retry-After",
  500: "An internal error",
  503: "Cannot answer now; see Retry-After",
};

export function describeOtlp(
  scope: Scope,
  texts: Pick<DescribeRouteOptions, "summary" | "description">,
): MiddlewareHandler {
  const errors = Object.entries(ERRORS).map(([status, description]) => [
    status,
    { description, content: contentOf(StatusSchema) },
  ]);
  return describeRoute({
    ...texts,
    security: [{ bearer: [scope] }],
    requestBody: { required: true, content: contentOf(RequestSchema) },
    responses: {
      ...Object.fromEntries(errors),
      200: { description: "All was taken, or all but…", content: contentOf(ResponseSchema) },
      415: {
        description: "The body's type is not supported",
        content: {
          "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
        },
      },
    },
  });
}

/** OpenAPI has no words for protobuf: its messages are those of the JSON mapping. */
function contentOf(schema: object) {
  return {
    [OTLP_MEDIA_TYPES.protobuf]: { schema: { type: "string" as const, format: "binary" } },
    [OTLP_MEDIA_TYPES.json]: { schema },
  };
}
