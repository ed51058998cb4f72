/** What V8's sampling profiler says of each function's own time. Pure. */

interface ProfileNode {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
}

/** As `Profiler.stop` answers; all times in microseconds. */
export interface CpuProfile {
  nodes: ProfileNode[];
  startTime: number;
  endTime: number;
  samples: number[];
  /** Between the sample before and this one; the first since `startTime`. */
  timeDeltas: number[];
}

/**
 * No samples are taken while the isolate has no thread: it is idle, or the thread runs another isolate. That time is
 * nobody's here, and all of it is in the one delta until the next sample. Samples that are merely late, as on a busy
 * machine, are so by an interval or two.
 */
const LATE_INTERVALS_MAX = 3;

/** Milliseconds by function, of its own, the longest first. */
export function selfTimes(profile: CpuProfile, intervalUs: number): Map<string, number> {
  const names = new Map(
    profile.nodes.map(({ id, callFrame }) => [
      id,
      `${callFrame.functionName || "(anonymous)"} :${callFrame.lineNumber + 1}`,
    ]),
  );
  const sums = new Map<string, number>();
  for (const [index, id] of profile.samples.entries()) {
    const ranUs = Math.min(untilNextUs(profile, index), LATE_INTERVALS_MAX * intervalUs);
    const name = names.get(id) ?? "?";
    sums.set(name, (sums.get(name) ?? 0) + ranUs / 1e3);
  }
  return new Map([...sums].sort(([, a], [, b]) => b - a));
}

/** What is sampled runs until the next sample; the last one's time is what the deltas leave of the profile. */
function untilNextUs({ timeDeltas, startTime, endTime }: CpuProfile, index: number): number {
  const next = timeDeltas[index + 1];
  // V8 does not promise that samples are in order.
  if (next !== undefined) return Math.max(0, next);
  return Math.max(0, endTime - startTime - timeDeltas.reduce((sum, delta) => sum + delta, 0));
}
