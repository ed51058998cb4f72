/**
 * Where an org's three streams go: metrics, traces, audit. Each is on by default, and disabled or
 * rerouted by itself (api.md, "Streams").
 */

export type HeaderValues = Readonly<Record<string, string>>;

/** An OTLP base, to which `/v1/traces` or `/v1/metrics` is added; or where audit entries are posted. */
export interface Destination {
  endpoint: string;
  headers: HeaderValues;
}

export interface TracesDestination extends Destination {
  /** Of the requests, by W3C-consistent probability: 0 to 1. */
  sampleRate: number;
}

export interface Observability {
  metrics: { enabled: boolean; otlp: Destination | null };
  traces: { enabled: boolean; otlp: TracesDestination | null };
  audit: { enabled: boolean; forward: Destination | null };
}

export const DEFAULT_OBSERVABILITY: Observability = {
  metrics: { enabled: true, otlp: null },
  traces: { enabled: true, otlp: null },
  audit: { enabled: true, forward: null },
};

export const STREAMS = ["metrics", "traces", "audit"] as const;
export type Stream = (typeof STREAMS)[number];

/** Every header value of an object, through `change`: sealed on the way in, opened on the way out. */
export async function mapHeaders(
  observability: Observability,
  change: (value: string, header: string, stream: Stream) => Promise<string>,
): Promise<Observability> {
  const of = async <To extends Destination>(stream: Stream, to: To | null): Promise<To | null> => {
    if (to === null) return null;
    const changed = Object.entries(to.headers).map(
      async ([header, value]) => [header, await change(value, header, stream)] as const,
    );
    return { ...to, headers: Object.fromEntries(await Promise.all(changed)) };
  };
  const { metrics, traces, audit } = observability;
  return {
    metrics: { ...metrics, otlp: await of("metrics", metrics.otlp) },
    traces: { ...traces, otlp: await of("traces", traces.otlp) },
    audit: { ...audit, forward: await of("audit", audit.forward) },
  };
}

export function destinationOf(observability: Observability, stream: Stream): Destination | null {
  return stream === "audit" ? observability.audit.forward : observability[stream].otlp;
}
