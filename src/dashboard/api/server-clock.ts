/**
 * The server's clock: what is `now`, how old a figure is and when a session ends must not depend on a reader's clock,
 * which may be wrong, or be set while the page is open.
 */
import { better, type Reading, readingOf } from "./clock-reading.ts";

let reading: Reading | null = null;

/** `date` is an answer's header, whole seconds; the times are of `performance.now()`. */
export function noteServerTime(date: string | null, sentMs: number, receivedMs: number): void {
  const serverMs = Date.parse(date ?? "");
  if (!Number.isNaN(serverMs)) reading = better(reading, readingOf(serverMs, sentMs, receivedMs));
}

/** Until the server has said anything, the reader's clock. */
export function serverNowMs(): number {
  return reading === null ? Date.now() : Math.round(performance.now() + reading.aheadMs);
}
