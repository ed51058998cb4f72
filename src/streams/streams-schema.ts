/**
 * The one description of the streams' settings: it validates what an org and a deployment set, and is the
 * OpenAPI schema. The validators are compiled when the module loads: see src/http/validate.ts.
 */
import * as Type from "typebox";
import { Compile } from "typebox/schema";
import { HEADERS_MAX } from "./stream-header.ts";

const CLOSED = { additionalProperties: false };

const endpoint = Type.String({
  minLength: 1,
  maxLength: 2_048,
  description:
    "A public https URL, without credentials, query and fragment. For OTLP a base, to which " +
    "/v1/metrics or /v1/traces is added (not port 4317, which is gRPC's: 4318); for `forward` " +
    "where entries are posted.",
});

const headers = Type.Optional(
  Type.Unsafe<Record<string, string | null>>({
    type: "object",
    maxProperties: HEADERS_MAX,
    additionalProperties: { type: ["string", "null"] },
    description:
      "Literal values, sealed when stored and never returned: an answer names each with null. Null " +
      "in a request keeps the stored value, as long as the endpoint's host stays the same.",
  }),
);

const enabled = Type.Optional(Type.Boolean({ description: "True where it is absent" }));

const DestinationSchema = Type.Object({ endpoint, headers }, { ...CLOSED, title: "Destination" });

const TracesDestinationSchema = Type.Object(
  {
    endpoint,
    headers,
    sample_rate: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description: "Share of the requests; 1 where it is absent",
      }),
    ),
  },
  { ...CLOSED, title: "TracesDestination" },
);

const orNull = <Schema extends Type.TSchema>(schema: Schema) =>
  Type.Optional(
    Type.Union([schema, Type.Null()], {
      description: "Absent: where the deployment sends this stream. Null: nowhere.",
    }),
  );

const streams = {
  metrics: Type.Optional(Type.Object({ enabled, otlp: orNull(DestinationSchema) }, CLOSED)),
  traces: Type.Optional(Type.Object({ enabled, otlp: orNull(TracesDestinationSchema) }, CLOSED)),
  audit: Type.Optional(Type.Object({ enabled, forward: orNull(DestinationSchema) }, CLOSED)),
};

export const StreamsSchema = Type.Object(streams, { ...CLOSED, title: "Streams" });
export type StreamsBody = Type.Static<typeof StreamsSchema>;
export type DestinationBody = Type.Static<typeof TracesDestinationSchema>;

/** The guide's YAML: `observability.otlp` is where traces go; the streams may stand beside it. */
export const GuideSchema = Type.Object(
  {
    observability: Type.Object(
      { otlp: Type.Optional(TracesDestinationSchema), ...streams },
      CLOSED,
    ),
  },
  { ...CLOSED, title: "GuideStreams" },
);
export const streamsBody = Compile(StreamsSchema);
export const guideBody = Compile(GuideSchema);
