/** What a plain count of samples says that activity is. */
import { OUTCOMES, type Outcome } from "#calls/outcome.ts";
import { bucketIndex } from "#formats/exponential-histogram.ts";
import { halfOctaveBounds, halfOctaveOf } from "#formats/half-octave.ts";

export interface TrueCall {
  id: string;
  workspace: string;
  plugin: string;
  tool: string;
  instance: string;
  actor: string | null;
  startedAtMs: number;
  durationUs: number;
  outcome: Outcome;
}

export interface TrueFilter {
  workspace?: string;
  plugin?: string;
  tool?: string;
  instance?: string;
  actor?: string;
  outcome?: readonly Outcome[];
  min_duration_ms?: number;
  max_duration_ms?: number;
}

export interface TrueRange {
  fromMs: number;
  toMs: number;
  stepMs: number;
}

export const REPLAYED: Outcome = "idempotent_replay";

export function matching(
  calls: readonly TrueCall[],
  filter: TrueFilter,
  { fromMs, toMs }: TrueRange,
): TrueCall[] {
  const { outcome, min_duration_ms = 0, max_duration_ms = Infinity, ...equal } = filter;
  return calls.filter(
    (call) =>
      Object.entries(equal).every(([name, value]) => call[name as keyof TrueCall] === value) &&
      (outcome === undefined || outcome.includes(call.outcome)) &&
      call.durationUs >= Math.round(min_duration_ms * 1e3) &&
      call.durationUs <= Math.round(max_duration_ms * 1e3) &&
      call.startedAtMs >= fromMs &&
      call.startedAtMs < toMs,
  );
}

/** Replays are calls only where the filter names them. */
export function withoutReplays(calls: readonly TrueCall[], { outcome }: TrueFilter): TrueCall[] {
  if (outcome?.includes(REPLAYED)) return [...calls];
  return calls.filter((call) => call.outcome !== REPLAYED);
}

export function byStep(calls: readonly TrueCall[], { fromMs, toMs, stepMs }: TrueRange): number[] {
  const steps = new Array<number>((toMs - fromMs) / stepMs).fill(0);
  for (const { startedAtMs } of calls) steps[Math.floor((startedAtMs - fromMs) / stepMs)]! += 1;
  return steps;
}

/** `[column, bucket, calls]`, in the order of both. */
export function heatCells(calls: readonly TrueCall[], { fromMs, stepMs }: TrueRange): number[][] {
  const cells = new Map<string, number>();
  for (const { startedAtMs, durationUs } of calls) {
    const column = Math.floor((startedAtMs - fromMs) / stepMs);
    const key = JSON.stringify([column, halfOctaveOf(bucketIndex(durationUs))]);
    cells.set(key, (cells.get(key) ?? 0) + 1);
  }
  return [...cells]
    .map(([key, count]) => [...(JSON.parse(key) as number[]), count])
    .sort(([a = 0, b = 0], [c = 0, d = 0]) => a - c || b - d);
}

export function errorsAmong(calls: readonly TrueCall[]): number {
  return calls.filter(({ outcome }) => outcome !== REPLAYED && outcome !== OUTCOMES[0]).length;
}

/** Whether a quantile lies in the half-octave of the call that it is, by nearest rank; null without calls. */
export function isQuantile(
  ms: number | null,
  quantile: number,
  calls: readonly TrueCall[],
): boolean {
  const durations = calls.map(({ durationUs }) => durationUs).sort((a, b) => a - b);
  const us = durations[Math.max(1, Math.ceil(quantile * durations.length)) - 1];
  if (us === undefined || ms === null) return us === undefined && ms === null;
  const [lower, upper] = halfOctaveBounds(halfOctaveOf(bucketIndex(us)));
  return ms >= lower * 1e3 - 0.001 && ms <= upper * 1e3 + 0.001;
}
