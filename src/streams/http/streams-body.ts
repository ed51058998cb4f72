/** The streams' settings on the wire, and the way between it and the domain (api.md, "Streams"). */
import type { Context } from "hono";
import { decodeUtf8, parseJsonBody, readBytes } from "#http/read-body.ts";
import { isYaml, parseYaml } from "#http/read-yaml.ts";
import { validate } from "#http/validate.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { settingsOf } from "#platform/env.ts";
import { fail, type ValidationError } from "#platform/errors.ts";
import { refuseEndpoint } from "#streams/endpoint.ts";
import type { Destination, Observability, OwnStreams, Stream } from "#streams/observability.ts";
import { leaveDefaults } from "#streams/streams-kept.ts";
import {
  destinationPointer,
  parseStreams,
  type RequestedStreams,
} from "#streams/streams-request.ts";
import { guideBody, type StreamsBody, streamsBody } from "#streams/streams-schema.ts";

/** Sixteen header values of 4,096 characters for each of three streams, and the rest of it. */
const BODY = { bytesMax: 262_144 };

interface AskedStreams {
  body: StreamsBody;
  /** Where a stream's destination stands in the request. */
  pointerOf: (stream: Stream) => string;
}

/** 400 with a pointer into the body for whatever is wrong with it. */
export async function readStreams(
  c: Context<AppEnv>,
  stored: OwnStreams,
): Promise<RequestedStreams> {
  const { body, pointerOf } = await readAsked(c);
  const { allowsLoopback, originHost, streams } = settingsOf(c.env);
  const rules = { allowsLoopback, ownHosts: [new URL(c.req.url).host, originHost] };
  const terms = { pointerOf, refuseEndpoint: (text: string) => refuseEndpoint(text, rules) };
  const requested = leaveDefaults(parseStreams(body, terms), stored, streams, pointerOf);
  return requested.errors.length > 0 ? refuse(requested.errors) : requested;
}

async function readAsked(c: Context<AppEnv>): Promise<AskedStreams> {
  const inJson = !isYaml(c.req.header("content-type"));
  const body = inJson
    ? await parseJsonBody(c.req.raw, BODY)
    : parseYaml(decodeUtf8(await readBytes(c.req.raw, BODY)));
  const isGuide = !inJson && typeof body === "object" && body !== null && "observability" in body;
  if (!isGuide) return { body: validate(streamsBody, body), pointerOf: destinationPointer };
  return askedByGuide(body);
}

/** `observability.otlp` is where spans go (the guide, "OpenTelemetry"), the streams may stand beside it. */
function askedByGuide(body: unknown): AskedStreams {
  const root = "/observability";
  const { otlp, ...streams } = validate(guideBody, body).observability;
  const pointerOf = (stream: Stream) => `${root}${destinationPointer(stream)}`;
  if (otlp === undefined) return { body: streams, pointerOf };
  if (streams.traces?.otlp !== undefined) {
    refuse([{ pointer: `${root}/otlp`, message: "says what traces.otlp says as well" }]);
  }
  return {
    body: { ...streams, traces: { ...streams.traces, otlp } },
    pointerOf: (stream) => (stream === "traces" ? `${root}/otlp` : pointerOf(stream)),
  };
}

export function refuse(errors: ValidationError[]): never {
  return fail({ kind: "invalid_request", errors });
}

/**
 * What is in force, as it may be put back: header values are null, which keeps them, and what the org
 * leaves to a deployment that sends nowhere is absent, which leaves it so. Null is the org's own "nowhere".
 */
export function streamsJson(
  { metrics, traces, audit }: Observability,
  own: OwnStreams,
): StreamsBody {
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
