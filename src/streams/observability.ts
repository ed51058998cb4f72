/**
 * Where an org's three streams go: metrics, traces, audit. Each is on by default, and disabled or
 * rerouted by itself.
 */

export const STREAMS = ["metrics", "traces", "audit"] as const;
export type Stream = (typeof STREAMS)[number];

export type HeaderValues = Readonly<Record<string, string>>;

/** An OTLP base, to which `/v1/traces` or `/v1/metrics` is added; or where audit entries are posted. */
export interface Destination {
  endpoint: string;
  headers: HeaderValues;
}

export interface TracesDestination extends Destination {
  /** The share of requests that is sampled, by W3C-consistent probability: 0 to 1. */
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

/** `sampleRate` is of traces only; 1 where nothing was said. */
export interface OwnDestination extends Destination {
  sampleRate?: number;
}

/** `default`: wherever the deployment sends that stream; null: nowhere. */
export interface OwnStream {
  enabled: boolean;
  to: OwnDestination | "default" | null;
}

/** What an org set itself: a stream that is not here is the deployment's to say. */
export type OwnStreams = { readonly [Name in Stream]?: OwnStream };

export const SAMPLE_RATE_DEFAULT = 1;

/** The org's own settings over the deployment's. */
export function effectiveStreams(own: OwnStreams, deployment: Observability): Observability {
  const { metrics, traces, audit } = deployment;
  return {
    metrics: own.metrics
      ? { enabled: own.metrics.enabled, otlp: routed(own.metrics.to, metrics.otlp) }
      : metrics,
    traces: own.traces
      ? { enabled: own.traces.enabled, otlp: sampled(own.traces.to, traces.otlp) }
      : traces,
    audit: own.audit
      ? { enabled: own.audit.enabled, forward: routed(own.audit.to, audit.forward) }
      : audit,
  };
}

function routed(to: OwnStream["to"], deployment: Destination | null): Destination | null {
  if (to === "default" || to === null) return to === null ? null : deployment;
  return { endpoint: to.endpoint, headers: to.headers };
}

function sampled(
  to: OwnStream["to"],
  deployment: TracesDestination | null,
): TracesDestination | null {
  if (to === "default" || to === null) return to === null ? null : deployment;
  return { ...to, sampleRate: to.sampleRate ?? SAMPLE_RATE_DEFAULT };
}

export function ownDestination(own: OwnStreams, stream: Stream): OwnDestination | null {
  const to = own[stream]?.to ?? null;
  return to === "default" ? null : to;
}

/** The org's streams, with each destination of its own put through `change`. */
export function mapOwnDestinations(
  own: OwnStreams,
  change: (to: OwnDestination, stream: Stream) => OwnDestination | null,
): OwnStreams {
  const mapped: { [Name in Stream]?: OwnStream } = {};
  for (const stream of STREAMS) {
    const set = own[stream];
    if (set === undefined) continue;
    const to = set.to === null || set.to === "default" ? set.to : change(set.to, stream);
    mapped[stream] = { enabled: set.enabled, to };
  }
  return mapped;
}

export function destinationOf(observability: Observability, stream: Stream): Destination | null {
  return stream === "audit" ? observability.audit.forward : observability[stream].otlp;
}

/** Where the stream leaves to; null while it is disabled. */
export function outletOf(observability: Observability, stream: Stream): Destination | null {
  return observability[stream].enabled ? destinationOf(observability, stream) : null;
}

/**
 * Whether disabling audit stops entries of this action: what operators do and what the ledger says of
 * itself stays recorded.
 */
export function isAuditStreamAction(action: string): boolean {
  return /^(tool|plugin)(\.|$)/.test(action);
}
