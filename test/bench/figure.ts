/** One line of the result: ratios and counts have no unit. */
export interface Figure {
  name: string;
  value: number;
  unit?: string;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
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
