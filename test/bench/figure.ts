/** One line of the result: ratios and counts have no unit. */
export interface Figure {
  name: string;
  value: number;
  unit?: string;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** p50 and p99 of milliseconds, a line each. */
export function latencyFigures(name: string, elapsedMs: readonly number[], target = ""): Figure[] {
  return [
    { name: `${name}, p50`, value: median(elapsedMs), unit: "ms" },
    { name: `${name}, p99${target}`, value: quantile(elapsedMs, 0.99), unit: "ms" },
  ];
}

export function formatFigures(figures: readonly Figure[]): string {
  const width = Math.max(...figures.map(({ name }) => name.length));
  return figures
    .map(({ name, value, unit = "" }) => `${name.padEnd(width)}  ${formatNumber(value)} ${unit}`)
    .join("\n");
}

function formatNumber(value: number): string {
  const text =
    Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
  return text.padStart(12);
}
