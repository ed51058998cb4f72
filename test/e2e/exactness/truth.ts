/** What the figures must be, summed from what was acknowledged, without any of the product's code. */

export const OUTCOMES = [
  "ok",
  "client_error",
  "server_error",
  "policy_denied",
  "quota_exceeded",
  "idempotent_replay",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Classic buckets at powers of two; 2^-8 to 2^6 s. */
export const BOUNDS_SECONDS = Array.from({ length: 15 }, (_, index) => 2 ** (index - 8));

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface CountedSample {
  workspace: string;
  plugin: string;
  tool: string;
  startedAtMs: number;
  durationUs: number;
  outcome: Outcome;
}

export class Tally {
  readonly outcomes: Record<Outcome, number> = {
    ok: 0,
    client_error: 0,
    server_error: 0,
    policy_denied: 0,
    quota_exceeded: 0,
    idempotent_replay: 0,
  };
  /** Calls at or under each bound. */
  readonly cumulative = BOUNDS_SECONDS.map(() => 0);
  sumUs = 0;
  maxUs = 0;

  get calls(): number {
    return OUTCOMES.reduce((sum, outcome) => sum + this.outcomes[outcome], 0) - this.replays;
  }

  get errors(): number {
    return this.calls - this.outcomes.ok;
  }

  get replays(): number {
    return this.outcomes.idempotent_replay;
  }

  add({ outcome, durationUs }: CountedSample): void {
    this.outcomes[outcome] += 1;
    if (outcome === "idempotent_replay") return;
    this.sumUs += durationUs;
    this.maxUs = Math.max(this.maxUs, durationUs);
    BOUNDS_SECONDS.forEach((bound, index) => {
      if (durationUs <= bound * 1e6) this.cumulative[index] = (this.cumulative[index] ?? 0) + 1;
    });
  }
}

export function seriesKey(workspace: string, plugin: string, tool: string): string {
  return JSON.stringify([workspace, plugin, tool]);
}

export function windowKey(windowStart: string, series: string): string {
  return `${windowStart} ${series}`;
}

export class Truth {
  readonly all = new Tally();
  readonly series = new Map<string, Tally>();
  readonly hours = new Map<string, Tally>();
  readonly days = new Map<string, Tally>();
  /** Samples by the instance that reported them, replays included. */
  readonly instances = new Map<string, number>();
  count = 0;

  add(sample: CountedSample, instance: string): void {
    const { workspace, plugin, tool, startedAtMs } = sample;
    const series = seriesKey(workspace, plugin, tool);
    this.count += 1;
    this.all.add(sample);
    tallyOf(this.series, series).add(sample);
    tallyOf(this.hours, windowKey(windowStart(startedAtMs, HOUR_MS), series)).add(sample);
    tallyOf(this.days, windowKey(windowStart(startedAtMs, DAY_MS), series)).add(sample);
    this.instances.set(instance, (this.instances.get(instance) ?? 0) + 1);
  }
}

function windowStart(timeMs: number, windowMs: number): string {
  return new Date(Math.floor(timeMs / windowMs) * windowMs).toISOString();
}

function tallyOf(tallies: Map<string, Tally>, key: string): Tally {
  const known = tallies.get(key);
  if (known !== undefined) return known;
  const tally = new Tally();
  tallies.set(key, tally);
  return tally;
}
