/**
 * When to send again what a receiver did not take: exponential back-off with jitter (OTLP specification,
 * "Failures" and "OTLP/HTTP Throttling"; opentelemetry-proto docs/specification.md).
 */
export interface BackOff {
  firstMs: number;
  maxMs: number;
}

/** The statuses after which a request is sent again: "The client SHOULD NOT retry" after any other. */
export const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** 2^32 times `firstMs` is above any `maxMs`, and still a number. */
const DOUBLINGS_MAX = 32;

/**
 * The wait after one more failure than there were `before`: half of it fixed and half at random, for many
 * may share a receiver, and who failed together shall not come together.
 */
export function backOffMs(
  { firstMs, maxMs }: BackOff,
  before: number,
  random: () => number = Math.random,
): number {
  const wholeMs = Math.min(firstMs * 2 ** Math.min(before, DOUBLINGS_MAX), maxMs);
  return wholeMs * (0.5 + 0.5 * random());
}
