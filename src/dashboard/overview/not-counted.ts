import { serverNowMs } from "#dashboard/api/server-clock.ts";
import { formatDuration, UNKNOWN } from "#dashboard/parts/format-figure.ts";

/** A watermark a second behind is the read itself. */
const READ_ITSELF_MS = 2_000;

/** How long reports wait to be in a figure: `countedUntil` as the API says it, null where it did not yet. */
export function notCounted(countedUntil: string | null): { value: string; note: string } {
  const waitsMs = countedUntil === null ? null : serverNowMs() - Date.parse(countedUntil);
  if (waitsMs !== null && waitsMs < READ_ITSELF_MS) {
    return { value: "none", note: "every report is counted" };
  }
  const value = waitsMs === null ? UNKNOWN : formatDuration(waitsMs);
  return { value, note: "age of the oldest report that is in no figure" };
}
