/** A value axis from 0 whose ticks are 1, 2 or 5 times a power of ten. */
export interface NiceAxis {
  /** The last tick: no value lies above it. */
  readonly top: number;
  readonly ticks: readonly number[];
}

/** Not so many ticks that a small figure is a ladder, nor so few that a value cannot be guessed. */
const STEPS_WANTED = 4;

/** `stepMin` is 1 for counts: there is no half a call. */
export function niceAxis(greatest: number, stepMin: number, wanted = STEPS_WANTED): NiceAxis {
  const step = Math.max(stepMin, niceStep(greatest / wanted));
  // What a division by a step makes of a whole number may lie a little above it.
  const steps = Math.max(1, Math.ceil(greatest / step - 1e-9));
  const ticks = Array.from({ length: steps + 1 }, (_, index) => tidy(index * step));
  return { top: tidy(steps * step), ticks };
}

/** The least of 1, 2 and 5 times a power of ten that is no less than the rough one. */
function niceStep(rough: number): number {
  if (!(rough > 0)) return 0;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= rough * (1 - 1e-9));
  return (factor ?? 10) * power;
}

/** 3 × 0.1 is 0.30000000000000004, which no label should say. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}
