/** A call's time and its way here, beside each other. */

import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import { formatDuration } from "#dashboard/parts/format-figure.ts";

type ArrivedCall = Pick<CallAnswer, "started_at" | "duration_ms" | "ingested_at" | "lag_ms">;

interface TimeShare {
  /** Shares of all of it, from 0 to 1. */
  readonly start: number;
  readonly width: number;
}

export interface ArrivalParts {
  readonly startedMs: number;
  readonly endedMs: number;
  readonly arrivedMs: number;
  readonly shares: { readonly ran: TimeShare; readonly underWay: TimeShare };
}

/** A report that is sent each second or two makes this much of a lag by itself. */
const USUAL_LAG_MS = 5_000;
/** Clocks that are set by NTP differ by less. */
const SKEW_MS_MIN = 50;

export function arrivalParts(call: ArrivedCall): ArrivalParts {
  const startedMs = Date.parse(call.started_at);
  const endedMs = startedMs + call.duration_ms;
  const arrivedMs = Date.parse(call.ingested_at);
  const fromMs = Math.min(startedMs, arrivedMs);
  const lengthMs = Math.max(endedMs, arrivedMs) - fromMs || 1;
  const share = (ms: number) => (ms - fromMs) / lengthMs;
  const [first, last] = [Math.min(endedMs, arrivedMs), Math.max(endedMs, arrivedMs)];
  const ran = { start: share(startedMs), width: call.duration_ms / lengthMs };
  const underWay = { start: share(first), width: share(last) - share(first) };
  return { startedMs, endedMs, arrivedMs, shares: { ran, underWay } };
}

export function arrivalText({ lag_ms: lagMs, duration_ms: durationMs }: ArrivedCall): string {
  const ran = `It ran for ${formatDuration(durationMs)}`;
  if (lagMs < -SKEW_MS_MIN) {
    return `${ran} and arrived ${formatDuration(-lagMs)} before its end by its instance's clock: that clock is ahead of ours.`;
  }
  const after = `${ran} and arrived ${formatDuration(Math.max(lagMs, 0))} after its end`;
  if (lagMs <= USUAL_LAG_MS) return `${after}, as reports that are sent every few seconds do.`;
  return `${after}: it waited in a queue on the instance or on its way, or that clock is behind ours.`;
}
