/**
 * When spans are sent again: no sooner than the collector asks (OTLP specification, "OTLP/HTTP
 * Throttling"), and no later than an isolate's memory has room for.
 */
import { backOffMs } from "#platform/outgoing/back-off.ts";
import { MINUTE_MS, SECOND_MS } from "#platform/time.ts";

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
const BACK_OFF = { firstMs: SECOND_MS, maxMs: 30 * SECOND_MS };
/** The longest wait that a collector may ask for: an hour's spans would not fit into memory. */
const ASKED_WAIT_MS_MAX = 5 * MINUTE_MS;

/** The wait after so many failures in a row: 1 after the first. */
export function retryWaitMs(failures: number, askedMs: number | null, { random }: Clock): number {
  const askedWaitMs = Math.min(askedMs ?? 0, ASKED_WAIT_MS_MAX);
  return Math.max(backOffMs(BACK_OFF, failures - 1, random), askedWaitMs);
}
