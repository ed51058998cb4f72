/** A change of an org's streams, as its ledger keeps it: what was enabled, disabled, rerouted; no secret. */
import { originOf } from "./endpoint.ts";
import { destinationOf, type Observability, STREAMS, type Stream } from "./observability.ts";

type Details = Record<string, string | boolean | null>;

/**
 * What changed, with the values before and after. Of an endpoint only its origin is told, for a path may be
 * a secret, as a webhook's is; of header values only that they changed.
 */
export function streamsChange(before: Observability, after: Observability): Details {
  return Object.fromEntries(STREAMS.flatMap((stream) => changesOf(stream, before, after)));
}

function changesOf(stream: Stream, before: Observability, after: Observability) {
  const [was, is] = [describe(before, stream), describe(after, stream)];
  const changed: [string, string | boolean | null][] = Object.keys(is)
    .filter((key) => was[key] !== is[key])
    .flatMap((key) => [
      [`${stream}.${key}.from`, was[key] ?? null],
      [`${stream}.${key}.to`, is[key] ?? null],
    ]);
  if (endpointOf(before, stream) !== endpointOf(after, stream)) {
    changed.push([`${stream}.rerouted`, true]);
  }
  if (headersOf(before, stream) !== headersOf(after, stream)) {
    changed.push([`${stream}.headers_changed`, true]);
  }
  return changed;
}

function describe(streams: Observability, stream: Stream): Details {
  const endpoint = endpointOf(streams, stream);
  const rate = stream === "traces" ? (streams.traces.otlp?.sampleRate ?? null) : null;
  return {
    enabled: streams[stream].enabled,
    receiver: endpoint === null ? null : originOf(endpoint),
    sample_rate: rate === null ? null : String(rate),
  };
}

function endpointOf(streams: Observability, stream: Stream): string | null {
  return destinationOf(streams, stream)?.endpoint ?? null;
}

function headersOf(streams: Observability, stream: Stream): string {
  return JSON.stringify(Object.entries(destinationOf(streams, stream)?.headers ?? {}).sort());
}
