/** Tool calls of a seeded fleet: names that are hard to quote, durations at every edge. */
import { uuid7FromRandom } from "#formats/uuid7.ts";
import { type CountedSample, OUTCOMES, type Outcome } from "./truth.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

const WORKSPACES = ["prod", "staging", 'dev "eu"', "__proto__"];
const PLUGINS = ["github", "jira", "näme\\with\nbreaks", "constructor"];
const TOOLS = ["list", "search", "write {a=\"b\",c='d'}", "👩‍👩‍👧 tool", "le=+Inf"];
export const INSTANCES = ["gw-1", "gw-2", "gw-3", 'gw "4"\\'];

/** Milliseconds: zero, under and between microseconds, at bounds and next to them, the longest allowed. */
const EDGE_DURATIONS_MS = [
  0, 0.0004, 0.0005, 0.001, 0.00095, 3.90625, 3.906, 3.907, 250, 250.001, 1_000, 1_000.0004, 64_000,
  64_000.001, 86_400_000,
];

/** As it is sent; `id` is absent where the Worker is to derive it. */
export interface SentSample {
  id?: string;
  workspace: string;
  plugin: string;
  tool: string;
  started_at: string | number;
  duration_ms: number;
  outcome: Outcome;
  actor?: string;
  error_code?: string | null;
  error_message?: string;
}

export class CallSource {
  readonly random: () => number;

  constructor(random: () => number) {
    this.random = random;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.whole(items.length)] as Item;
  }

  /** From 0 to `below` - 1. */
  whole(below: number): number {
    return Math.floor(this.random() * below);
  }

  id(timeMs: number): string {
    const bytes = Uint8Array.from({ length: 10 }, () => this.whole(256));
    const id = uuid7FromRandom(timeMs, bytes);
    return this.random() < 0.1 ? id.toUpperCase() : id;
  }

  /** Most calls are of this minute; some come up to 23 h late, some from a clock up to 4 min ahead. */
  startedAtMs(nowMs: number): number {
    const kind = this.random();
    if (kind < 0.25) return nowMs - this.whole(23 * HOUR_MS);
    if (kind < 0.3) return nowMs + this.whole(4 * MINUTE_MS);
    return nowMs - this.whole(MINUTE_MS);
  }

  sample(nowMs: number): SentSample {
    const startedAtMs = this.startedAtMs(nowMs);
    const isText = this.random() < 0.5;
    return {
      workspace: this.pick(WORKSPACES),
      plugin: this.pick(PLUGINS),
      tool: this.pick(TOOLS),
      started_at: isText ? new Date(startedAtMs).toISOString() : startedAtMs,
      duration_ms: this.durationMs(),
      outcome: this.random() < 0.6 ? "ok" : this.pick(OUTCOMES),
      ...(this.random() < 0.3 ? { actor: `user:${this.whole(50)}@acme`, error_code: null } : {}),
      ...(this.random() < 0.1 ? { error_message: `timeout after ${this.whole(900)} ms` } : {}),
    };
  }

  /** The id's time may lie up to an hour from the call's. */
  sampleWithId(nowMs: number): SentSample {
    const sample = this.sample(nowMs);
    const skewMs = this.random() < 0.2 ? this.whole(110 * MINUTE_MS) - 55 * MINUTE_MS : 0;
    return { id: this.id(startedAtMsOf(sample) + skewMs), ...sample };
  }

  /** Log-normal around 150 ms; doubles with more digits than a microsecond has. */
  durationMs(): number {
    if (this.random() < 0.05) return this.pick(EDGE_DURATIONS_MS);
    const normal =
      Math.sqrt(-2 * Math.log(1 - this.random())) * Math.cos(2 * Math.PI * this.random());
    return 150 * Math.exp(1.5 * normal);
  }

  /** Refused whenever it is sent during the test: too old, too far ahead, or invalid. */
  refusedSample(nowMs: number): Record<string, unknown> {
    const sample = this.sample(nowMs);
    switch (this.whole(6)) {
      case 0:
        return { ...sample, started_at: nowMs - 24 * HOUR_MS - 1 - this.whole(6 * HOUR_MS) };
      case 1:
        return { ...sample, started_at: nowMs + 20 * MINUTE_MS + this.whole(HOUR_MS) };
      case 2:
        return { ...sample, duration_ms: -1 };
      case 3:
        return { ...sample, tool: undefined };
      case 4:
        return { ...sample, outcome: "okay" };
      default:
        return { ...sample, id: this.id(startedAtMsOf(sample) - 61 * MINUTE_MS) };
    }
  }
}

export function startedAtMsOf({ started_at }: SentSample): number {
  return typeof started_at === "number" ? started_at : Date.parse(started_at);
}

/** Durations are kept as whole microseconds. */
export function countedSample(sample: SentSample): CountedSample {
  const { workspace, plugin, tool, outcome } = sample;
  const durationUs = Math.round(sample.duration_ms * 1e3);
  return { workspace, plugin, tool, startedAtMs: startedAtMsOf(sample), durationUs, outcome };
}

/** What pruning goes by: the time in the id, which a derived one has from the call. */
export function idTimeMs(sample: SentSample): number {
  if (sample.id === undefined) return startedAtMsOf(sample);
  return Number.parseInt(sample.id.replaceAll("-", "").slice(0, 12), 16);
}
