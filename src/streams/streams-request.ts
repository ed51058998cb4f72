/** What was asked for of the streams, checked beyond its form: endpoints, header names and values. */
import type { ValidationError } from "#platform/errors.ts";
import { type OwnStream, type OwnStreams, STREAMS, type Stream } from "./observability.ts";
import { refuseHeaderName, refuseHeaderValue } from "./stream-header.ts";
import type { DestinationBody, StreamsBody } from "./streams-schema.ts";

export interface KeptHeader {
  stream: Stream;
  header: string;
  /** Where it stands in the request. */
  pointer: string;
}

export interface RequestedStreams {
  /** With literal header values, those that are kept left out. */
  own: OwnStreams;
  kept: KeptHeader[];
  errors: ValidationError[];
}

export interface RequestTerms {
  refuseEndpoint: (endpoint: string) => string | null;
  /** Where a stream's destination stands in the request. */
  pointerOf: (stream: Stream) => string;
}

/** Where a stream's destination stands in a request of the form that GET …/observability answers. */
export function destinationPointer(stream: Stream): string {
  return stream === "audit" ? "/audit/forward" : `/${stream}/otlp`;
}

export function parseStreams(body: StreamsBody, terms: RequestTerms): RequestedStreams {
  const requested: RequestedStreams = { own: {}, kept: [], errors: [] };
  const own: { [Name in Stream]?: OwnStream } = {};
  for (const stream of STREAMS) {
    const asked = body[stream];
    if (asked === undefined) continue;
    own[stream] = {
      enabled: asked.enabled ?? true,
      to: parseTo(askedDestination(body, stream), stream, requested, terms),
    };
  }
  return { ...requested, own };
}

function askedDestination(body: StreamsBody, stream: Stream): DestinationBody | null | undefined {
  return stream === "audit" ? body.audit?.forward : body[stream]?.otlp;
}

function parseTo(
  body: DestinationBody | null | undefined,
  stream: Stream,
  requested: RequestedStreams,
  { refuseEndpoint, pointerOf }: RequestTerms,
): OwnStream["to"] {
  if (body === undefined || body === null) return body === null ? null : "default";
  const pointer = pointerOf(stream);
  const refusal = refuseEndpoint(body.endpoint);
  if (refusal !== null) {
    requested.errors.push({ pointer: `${pointer}/endpoint`, message: refusal });
  }
  const headers = parseHeaders(body.headers ?? {}, stream, `${pointer}/headers`, requested);
  const { endpoint, sample_rate: sampleRate } = body;
  return { endpoint, headers, ...(sampleRate !== undefined && { sampleRate }) };
}

/** Names in lower case, as they are on the wire. */
function parseHeaders(
  asked: Record<string, string | null>,
  stream: Stream,
  pointer: string,
  { kept, errors }: RequestedStreams,
): Record<string, string> {
  const headers: Record<string, string> = {};
  const names = new Set<string>();
  for (const [name, value] of Object.entries(asked)) {
    const at = `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`.slice(0, 256);
    const header = name.toLowerCase();
    const problem = names.has(header) ? "is given twice" : refuseHeader(header, value);
    names.add(header);
    if (problem !== null) errors.push({ pointer: at, message: problem });
    else if (value === null) kept.push({ stream, header, pointer: at });
    else headers[header] = value;
  }
  return headers;
}

function refuseHeader(header: string, value: string | null): string | null {
  return refuseHeaderName(header) ?? (value === null ? null : refuseHeaderValue(value));
}
