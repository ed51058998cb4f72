/** Audit events as gateways report them, from a seed. */
import { uuid7FromRandom } from "#formats/uuid7.ts";
import { randomSource } from "../../harness/load.ts";

export interface SentEvent {
  event_id: string;
  occurred_at: string | null;
  actor: string;
  action: string;
  outcome: string;
  target: string | null;
  request_id: string | null;
  details: Record<string, string | boolean | null> | null;
}

/** Actions with outcomes that go with them. */
const DECISIONS = [
  { action: "tool.call.allowed", outcome: "allowed" },
  { action: "tool.call.denied", outcome: "denied" },
  { action: "tool.call.challenged", outcome: "deferred" },
  { action: "tool.call.completed", outcome: "allowed" },
  { action: "tool.call.completed", outcome: "error" },
  { action: "plugin.loaded", outcome: "error" },
];
/** Text that hashing must not stumble over: quotes, emoji, what only NFC makes the same. */
const ACTORS = ["user:alice@acme", "user:Zoë", 'agent:"quoted"\\', "user:🦊", "user:u\u0308ber"];

export class EventSource {
  readonly #random: () => number;
  #last = 0;

  constructor(seed: number) {
    this.#random = randomSource(seed);
  }

  /** From 0 until before `end`. */
  whole(end: number): number {
    return Math.floor(this.#random() * end);
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.whole(items.length)]!;
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  event(): SentEvent {
    this.#last += 1;
    const noise = Uint8Array.from({ length: 10 }, () => this.whole(256));
    return {
      event_id: uuid7FromRandom(Date.now(), noise),
      occurred_at: this.chance(0.5)
        ? new Date(Date.now() - this.whole(60_000)).toISOString()
        : null,
      actor: this.pick(ACTORS),
      ...this.pick(DECISIONS),
      target: this.chance(0.7) ? `tool://github/tool_${this.whole(40)}` : null,
      request_id: this.chance(0.3) ? `req-${this.#last}` : null,
      details: this.chance(0.5)
        ? { path: `/srv/${this.whole(1_000)}`, dry_run: this.chance(0.5), rule: null }
        : null,
    };
  }

  events(count: number): SentEvent[] {
    return Array.from({ length: count }, () => this.event());
  }
}
