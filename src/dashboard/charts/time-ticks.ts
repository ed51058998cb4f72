/** Where a time axis has its ticks: at round times of day of the zone that is shown, days at midnight. */
export interface TimeTick {
  readonly ms: number;
  /** What a clock in the zone shows, as if it were UTC. */
  readonly wallMs: number;
  readonly isDayStart: boolean;
}

/** How far the zone's clocks are ahead of UTC at a time; it changes where clocks are put forward or back. */
export type ZoneOffset = (ms: number) => number;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

const STEPS_MS: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 7, 14, 28, 91, 364].map((days) => days * DAY_MS),
];

/** At most `most` of them, in [from, to), ascending. */
export function timeTicks(
  fromMs: number,
  toMs: number,
  most: number,
  offset: ZoneOffset,
): TimeTick[] {
  const stepMs = STEPS_MS.find((step) => (toMs - fromMs) / step <= most - 1) ?? STEPS_MS.at(-1)!;
  const ticks: TimeTick[] = [];
  const lastWallMs = toMs + offset(toMs);
  const firstWallMs = Math.ceil((fromMs + offset(fromMs)) / stepMs) * stepMs;
  for (let wallMs = firstWallMs; wallMs <= lastWallMs && ticks.length < most; wallMs += stepMs) {
    const ms = atWall(wallMs, offset);
    const isNew = ms !== null && ms >= fromMs && ms < toMs && ms > (ticks.at(-1)?.ms ?? -Infinity);
    if (isNew) ticks.push({ ms, wallMs, isDayStart: wallMs % DAY_MS === 0 });
  }
  return ticks;
}

/** When the zone's clocks show it: null where they jump over it, the first time where they show it twice. */
function atWall(wallMs: number, offset: ZoneOffset): number | null {
  const candidates = [wallMs - offset(wallMs - DAY_MS), wallMs - offset(wallMs + DAY_MS)];
  const shown = candidates.filter((ms) => ms + offset(ms) === wallMs);
  return shown.length === 0 ? null : Math.min(...shown);
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** `13:05`; at midnight the day, so that no axis leaves one in doubt which it is. */
export function tickLabel({ wallMs, isDayStart }: TimeTick): string {
  return isDayStart ? dayLabel(wallMs) : clockLabel(wallMs);
}

/** `28 Nov` */
export function dayLabel(wallMs: number): string {
  const date = new Date(wallMs);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
}

/** `13:05` */
export function clockLabel(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(11, 16);
}
