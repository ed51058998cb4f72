/** Numbers, durations and times as they are read. What is not known is a dash, never a zero. */
import type { Zone } from "#dashboard/place/time-range.ts";

export const UNKNOWN = "–";

const GROUPED = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const SHORT = new Intl.NumberFormat("en-GB", { notation: "compact", maximumSignificantDigits: 3 });

/** 12,345 */
export function formatCount(count: number | null): string {
  return count === null ? UNKNOWN : GROUPED.format(count);
}

/** 1 entry, 12,345 entries */
export function formatCounted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** 12.3K, where room is short and the whole number is at hand. */
export function formatShortCount(count: number | null): string {
  return count === null ? UNKNOWN : SHORT.format(count);
}

/** Of 0.0123 1.23 %: three digits, and what is not zero never looks like it, nor what is not all like 100. */
export function formatShare(share: number | null): string {
  if (share === null || !Number.isFinite(share)) return UNKNOWN;
  const percent = share * 100;
  if (percent === 0) return "0 %";
  if (percent < 0.01) return "< 0.01 %";
  if (percent < 100 && percent > 99.9) return "> 99.9 %";
  return `${trim(percent.toPrecision(3))} %`;
}

/** Three digits in the unit that suits: 0.42 ms, 84.2 ms, 1.5 s, 2 min 5 s, 3 h 20 min, 4 d 6 h. */
export function formatDuration(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return UNKNOWN;
  if (ms < 0) return `−${formatDuration(-ms)}`;
  return ms < 59_950 ? formatShort(ms) : formatLong(Math.round(ms / 1000));
}

function formatShort(ms: number): string {
  if (ms === 0) return "0 ms";
  if (ms < 0.001) return "< 0.001 ms";
  if (ms >= 999.5) return `${trim((ms / 1000).toPrecision(3))} s`;
  return `${trim(ms < 1 ? ms.toFixed(3) : ms.toPrecision(3))} ms`;
}

function formatLong(seconds: number): string {
  if (seconds < 3600) return pair(seconds, 60, "min", 1, "s");
  if (seconds < 86_400) return pair(Math.round(seconds / 60) * 60, 3600, "h", 60, "min");
  return pair(Math.round(seconds / 3600) * 3600, 86_400, "d", 3600, "h");
}

/** 4.1 KiB */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return UNKNOWN;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10), units.length - 1);
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : trim(value.toPrecision(3))} ${units[power]}`;
}

/** 2026-11-28 14:05:09.123, of the zone that one reads in. */
export function formatTime(
  ms: number | null,
  zone: Zone,
  precision: "ms" | "s" | "min" = "s",
): string {
  if (ms === null) return UNKNOWN;
  const shiftMs = zone === "utc" ? 0 : -new Date(ms).getTimezoneOffset() * 60_000;
  const text = new Date(ms + shiftMs).toISOString().replace("T", " ");
  return text.slice(0, { ms: 23, s: 19, min: 16 }[precision]);
}

/** UTC+05:30, of the reader at a time: summer has another. */
export function zoneName(ms: number, zone: Zone): string {
  const minutes = zone === "utc" ? 0 : -new Date(ms).getTimezoneOffset();
  if (minutes === 0) return "UTC";
  const two = (n: number) => String(Math.floor(n)).padStart(2, "0");
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? "−" : "+"}${two(size / 60)}:${two(size % 60)}`;
}

/** "12 s", "3 min": how long ago, in one unit, for what changes as one looks. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 90 * 60) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

function pair(
  seconds: number,
  large: number,
  largeUnit: string,
  small: number,
  unit: string,
): string {
  const rest = Math.floor((seconds % large) / small);
  const head = `${Math.floor(seconds / large)} ${largeUnit}`;
  return rest === 0 ? head : `${head} ${rest} ${unit}`;
}

/** 1.50 is 1.5, and what is too large for three digits is not 1e+3. */
function trim(text: string): string {
  return text.includes("e")
    ? String(Number(text))
    : text.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}
