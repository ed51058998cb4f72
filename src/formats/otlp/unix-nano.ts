/**
 * Nanoseconds since 1970, as every time in OTLP (`fixed64 …_time_unix_nano`). A double holds them to
 * 256 ns only, and a bigint costs ten times as much; so they are two numbers, both exact.
 */
export interface UnixNano {
  readonly ms: number;
  /** 0 to 999,999 */
  readonly nanos: number;
}

/** What OTLP writes for a time that is not known. */
export const UNIX_EPOCH: UnixNano = { ms: 0, nanos: 0 };

const NANOS_PER_MS = 1_000_000;
/** 2^32 ns are 4,294 ms and 967,296 ns. */
const HIGH_MS = 4_294;
const HIGH_NANOS = 967_296;
const UINT64_MAX = 2n ** 64n - 1n;

/** From the two 32-bit halves of a fixed64: no product reaches 2^53. */
export function unixNanoFromHalves(low: number, high: number): UnixNano {
  const nanos = high * HIGH_NANOS + low;
  const ms = Math.floor(nanos / NANOS_PER_MS);
  return { ms: high * HIGH_MS + ms, nanos: nanos - ms * NANOS_PER_MS };
}

/** From a uint64 of the protobuf JSON mapping, a decimal string or a number; undefined if it is neither. */
export function parseUnixNano(value: unknown): UnixNano | undefined {
  if (typeof value === "number" && Number.isInteger(value)) return fromUint64(BigInt(value));
  if (typeof value !== "string" || !/^\d{1,20}$/.test(value)) return undefined;
  if (value.length === 20) return fromUint64(BigInt(value));
  return { ms: Number(value.slice(0, -6)), nanos: Number(value.slice(-6)) };
}

export function formatUnixNano({ ms, nanos }: UnixNano): string {
  return ms === 0 ? String(nanos) : `${ms}${String(nanos).padStart(6, "0")}`;
}

export function unixNanoToUint64({ ms, nanos }: UnixNano): bigint {
  return BigInt(ms) * 1_000_000n + BigInt(nanos);
}

/** Negative where the end lies before the start. Exact to the nanosecond up to 104 days. */
export function elapsedMs(start: UnixNano, end: UnixNano): number {
  return ((end.ms - start.ms) * NANOS_PER_MS + (end.nanos - start.nanos)) / NANOS_PER_MS;
}

function fromUint64(value: bigint): UnixNano | undefined {
  if (value < 0n || value > UINT64_MAX) return undefined;
  const ms = value / 1_000_000n;
  return { ms: Number(ms), nanos: Number(value - ms * 1_000_000n) };
}
