/**
 * When to send again what a collector did not take: OTLP specification, "Failures" and "OTLP/HTTP
 * Throttling" (opentelemetry-proto docs/specification.md): exponential back-off with jitter, and no sooner
 * than the server asks.
 */
import { parseRetryAfter } from "#platform/outgoing/retry-after.ts";

export interface Clock {
  nowMs(): number;
  delay(ms: number): Promise<void>;
  /** 0 to 1 */
  random(): number;
}

export const SYSTEM_CLOCK: Clock = {
  nowMs: () => Date.now(),
  delay: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  random: () => Math.random(),
};

export const ATTEMPTS_MAX = 5;
const FIRST_WAIT_MS = 1_000;
const WAIT_MS_MAX = 30_000;
/** A server that asks for more is asked again sooner: an hour's spans would not fit into memory. */
const ASKED_WAIT_MS_MAX = 300_000;

/** "The client SHOULD NOT retry" any other. */
const RETRYABLE = new Set([429, 502, 503, 504]);

export function isRetryable(status: number): boolean {
  return RETRYABLE.has(status);
}

/** Half of it fixed and half at random, so that isolates which failed together do not come together. */
export function backOffMs(failures: number, askedMs: number | null, { random }: Clock): number {
  const wholeMs = Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), WAIT_MS_MAX);
  return Math.max(wholeMs * (0.5 + 0.5 * random()), askedMs ?? 0);
}

/** In milliseconds; null if the header asks for nothing. */
export function askedWaitMs(header: string | null, nowMs: number): number | null {
  const waitMs = parseRetryAfter(header, nowMs);
  return waitMs === null ? null : Math.min(waitMs, ASKED_WAIT_MS_MAX);
}
