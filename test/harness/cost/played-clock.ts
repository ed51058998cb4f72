/**
 * The Worker's clock where traffic is played: it stands at the time that was told last, or goes on from there; before
 * one was told it is the machine's. Imported before all that asks for the time. Timers are real.
 */
const realNow = Date.now;
let standsAtMs: number | null = null;
let aheadMs = 0;

Date.now = () => standsAtMs ?? realNow() + aheadMs;

/** Of the machine, whatever is played. */
export const realNowMs = (): number => realNow();

/** By the machine's clock, where ours goes. */
export const realTimeOf = (ms: number): number => ms - aheadMs;

export const isStanding = (): boolean => standsAtMs !== null;

/** Once it stands it comes back no more, for requests may end out of order. */
export function standAt(ms: number): void {
  standsAtMs = Math.max(standsAtMs ?? 0, ms);
}

export function goOn(): void {
  aheadMs = Date.now() - realNow();
  standsAtMs = null;
}
