/** The streams' settings on the wire, and the way between it and what they mean. */
import type { Context } from "hono";
import { decodeUtf8, parseJsonBody, readBytes } from "#http/read-body.ts";
import { isYaml, parseYaml } from "#http/read-yaml.ts";
import type { RequestBody } from "#http/request-body.ts";
import { validate } from "#http/validate.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { fail } from "#platform/errors.ts";
import type { StreamsInForce } from "#streams/change-streams.ts";
import { deploymentStreams } from "#streams/deployment-streams.ts";
import { refuseEndpoint } from "#streams/endpoint.ts";
import { endpointRules } from "#streams/endpoint-rules.ts";
import type { Destination, OwnStreams, Stream } from "#streams/observability.ts";
import { leaveDefaults } from "#streams/streams-kept.ts";
import {
  destinationPointer,
  parseStreams,
  type RequestedStreams,
} from "#streams/streams-request.ts";
import {
  GuideSchema,
  guideBody,
  type StreamsBody,
  StreamsSchema,
  streamsBody,
} from "#streams/streams-schema.ts";

/** Sixteen header values of 4,096 characters for each of three streams, and the rest of a body. */
const LIMIT = { bytesMax: 262_144 };

/**
 * YAML takes forty times as long as JSON to read: 20 ms for so much. That is one stream with as many and as
 * long header values as there may be, or all three with what receivers take in practice (8 KiB).
 */
const YAML_LIMIT = { bytesMax: 65_536 };

interface AskedStreams {
  body: StreamsBody;
  /** Where a stream's destination stands in the request. */
  pointerOf: (stream: Stream) => string;
}

export const streamsRequestBody: RequestBody<AskedStreams> = {
  content: { "application/json": StreamsSchema, "application/yaml": GuideSchema },
  read: async (request, onBytes) => {
    const inJson = !isYaml(request.headers.get("content-type") ?? undefined);
    const body = inJson
      ? await parseJsonBody(request, { ...LIMIT, onBytes })
      : parseYaml(decodeUtf8(await readBytes(request, { ...YAML_LIMIT, onBytes })));
    const isGuide = !inJson && typeof body === "object" && body !== null && "observability" in body;
    if (isGuide) return askedByGuide(body);
    return { body: validate(streamsBody, body), pointerOf: destinationPointer };
  },
};

/** `observability.otlp` is where spans go (the guide, "OpenTelemetry"), the streams may stand beside it. */
function askedByGuide(body: unknown): AskedStreams {
  const root = "/observability";
  const { otlp, ...streams } = validate(guideBody, body).observability;
  const pointerOf = (stream: Stream) => `${root}${destinationPointer(stream)}`;
  if (otlp === undefined) return { body: streams, pointerOf };
  if (streams.traces?.otlp !== undefined) {
    const errors = [{ pointer: `${root}/otlp`, message: "says what traces.otlp says as well" }];
    fail({ kind: "invalid_request", errors });
  }
  return {
    body: { ...streams, traces: { ...streams.traces, otlp } },
    pointerOf: (stream) => (stream === "traces" ? `${root}/otlp` : pointerOf(stream)),
  };
}

/** What the body asks for; 400 with a pointer into it for whatever is wrong with it beyond its form. */
export function checkStreams(
  c: Context<AppEnv>,
  { body, pointerOf }: AskedStreams,
  stored: OwnStreams,
): RequestedStreams {
  const rules = endpointRules(c.env, [new URL(c.req.url).host]);
  const terms = { pointerOf, refuseEndpoint: (text: string) => refuseEndpoint(text, rules) };
  const parsed = parseStreams(body, terms);
  const requested = leaveDefaults(parsed, stored, deploymentStreams(c.env), pointerOf);
  const { errors } = requested;
  return errors.length > 0 ? fail({ kind: "invalid_request", errors }) : requested;
}

/**
 * What is in force, as it may be put back: header values are null, which keeps them, and what the org
 * leaves to a deployment that sends nowhere is absent, which leaves it so. A destination of null is the
 * org's own "nowhere".
 */
export function streamsJson({ streams, own }: StreamsInForce): StreamsBody {
  const { metrics, traces, audit } = streams;
  const destination = <To extends Destination>(stream: Stream, to: To | null) => {
    if (to !== null) return shown(to);
    return own[stream]?.to === null ? null : undefined;
  };
  const { otlp } = traces;
  const spans = destination("traces", otlp);
  return {
    metrics: withDefined(metrics.enabled, { otlp: destination("metrics", metrics.otlp) }),
    traces: withDefined(traces.enabled, {
      otlp: spans && otlp && { ...spans, sample_rate: otlp.sampleRate },
    }),
    audit: withDefined(audit.enabled, { forward: destination("audit", audit.forward) }),
  };
}

function withDefined<To extends object>(enabled: boolean, to: To) {
  const defined = Object.entries(to).filter(([, value]) => value !== undefined);
  return { enabled, ...Object.fromEntries(defined) };
}

function shown({ endpoint, headers }: Destination) {
  return {
    endpoint,
    headers: Object.fromEntries(Object.keys(headers).map((name) => [name, null])),
  };
}
