import { evictDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AuditEvent } from "#audit/audit-event.ts";
import type { LogAddress } from "#audit/audit-log.ts";
import { openSuccessor } from "#audit/recovery.ts";
import { announceKey } from "#audit/signing/key-rotation.ts";
import { workerEnv } from "../../harness/deployment.ts";
import { randomSource } from "../../harness/load.ts";
import { announce, runAlarms, runScrub, termsAt } from "./run-pruning.ts";
import { append, ledgerOf, makeEvent, makeEvents, newLog, objectOf, sign } from "./test-log.ts";

const DAY_MS = 86_400_000;
const LIVES = 50;
const STEPS = 8;

// An hour ahead, so that no alarm goes off by itself.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
});
afterEach(() => vi.useRealTimers());

/** What clients, operators and the platform do with a log, in any order. */
class HonestLife {
  log: LogAddress;
  readonly #random: () => number;
  #sent: AuditEvent[] = [];

  constructor(log: LogAddress, seed: number) {
    this.log = log;
    this.#random = randomSource(seed);
  }

  async live(): Promise<string[]> {
    const steps = [
      () => this.#append(),
      () => this.#append(),
      () => sign(this.log),
      () => this.#prune(),
      () => this.#export(),
      () => this.#restart(),
      () => runAlarms(this.log),
      () => this.#resend(),
      () => announceKey(workerEnv, this.log, "operator:admin"),
      () => runScrub(this.log),
      () => this.#recover(),
    ];
    const done: string[] = [];
    await this.#append();
    for (let step = 0; step < STEPS; step += 1) {
      const at = Math.floor(this.#random() * steps.length);
      done.push(String(at));
      await steps[at]!();
      vi.setSystemTime(Date.now() + this.#random() * 2 * DAY_MS);
    }
    return done;
  }

  async #append(): Promise<void> {
    const sizes = [1, 3, 100, 256, 300];
    const events = makeEvents(sizes[Math.floor(this.#random() * sizes.length)]!);
    this.#sent = events.slice(-20);
    await append(this.log, events);
  }

  async #restart(): Promise<void> {
    await ledgerOf(this.log).status();
    await evictDurableObject(objectOf(this.log));
  }

  async #resend(): Promise<void> {
    await append(this.log, this.#sent);
  }

  async #prune(): Promise<void> {
    await announce(this.log, termsAt(Date.now() + 8 * DAY_MS, 1));
    await sign(this.log);
    if (this.#random() < 0.7) await runAlarms(this.log);
  }

  async #export(): Promise<void> {
    const range = { from: null, to: null, isPublishedOnly: this.#random() < 0.5 };
    const planned = await ledgerOf(this.log).beginExport(this.log, makeEvent(), range);
    if (planned.kind !== "export") return;
    const { from, to } = planned;
    const { next } = await ledgerOf(this.log).lines({ from, to, bytesMax: 1e8 });
    expect(next).toBe(to);
  }

  async #recover(): Promise<void> {
    await ledgerOf(this.log).freeze(this.log, "frozen by the test");
    const terms = { reason: "a test", recordedBy: "operator:admin" };
    await openSuccessor(workerEnv, this.log, terms);
    this.log = { ...this.log, log: this.log.log + 1 };
  }
}

describe("An honest log", () => {
  it("is never frozen, by a read, a signature or a pass of the scrubber", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    for (let seed = 1; seed <= LIVES; seed += 1) {
      const life = new HonestLife(await newLog(), seed);
      const done = await life.live();
      await runScrub(life.log);
      const status = await ledgerOf(life.log).status();
      const seen = [seed, done.join(), status?.frozenReason, status?.scrub?.passedSize];
      expect(seen).toEqual([seed, done.join(), null, status?.treeSize]);
    }
  }, 120_000);
});
