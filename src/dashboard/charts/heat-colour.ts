/** Colours of counts: by the logarithm, or one outlier would flatten all others to one shade. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** 0 for one call, 1 for the greatest count; of no calls there is no colour. */
export function heatShade(count: number, greatest: number): number {
  if (greatest <= 1) return 1;
  return Math.min(1, Math.max(0, Math.log(count) / Math.log(greatest)));
}

export function mixRgb(low: Rgb, high: Rgb, shade: number): Rgb {
  const mixed = low.map((part, index) => Math.round(part + (high[index]! - part) * shade));
  return [mixed[0]!, mixed[1]!, mixed[2]!];
}

/** `rgb(198, 219, 239)`, as a browser says a colour. */
export function parseRgb(text: string): Rgb {
  const parts = text.match(/[\d.]+/g)?.map(Number) ?? [];
  return [parts[0] ?? 0, parts[1] ?? 0, parts[2] ?? 0];
}

export function formatRgb([red, green, blue]: Rgb): string {
  return `rgb(${red},${green},${blue})`;
}
