/** A logarithmic axis of milliseconds, from a power of ten to a power of ten. */
export interface LogAxis {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
}

/** Zero has no logarithm: what is shorter than a microsecond is drawn as one. */
const LEAST_MS = 0.001;

export function logAxis(valuesMs: readonly number[]): LogAxis {
  const values = valuesMs.map((ms) => Math.max(ms, LEAST_MS));
  const least = values.length === 0 ? 1 : values.reduce((a, b) => Math.min(a, b));
  const greatest = values.length === 0 ? 1_000 : values.reduce((a, b) => Math.max(a, b));
  const lowPower = Math.floor(Math.log10(least) + 1e-9);
  const highPower = Math.max(lowPower + 1, Math.ceil(Math.log10(greatest) - 1e-9));
  const ticks = Array.from({ length: highPower - lowPower + 1 }, (_, n) =>
    Number((10 ** (lowPower + n)).toPrecision(3)),
  );
  return { low: ticks[0]!, high: ticks.at(-1)!, ticks };
}

/** 0 at the bottom, 1 at the top. */
export function logShare({ low, high }: LogAxis, valueMs: number): number {
  const share = Math.log(Math.max(valueMs, LEAST_MS) / low) / Math.log(high / low);
  return Math.min(1, Math.max(0, share));
}
