/**
 * A seeded stream of 50,000 samples, with everything that makes figures drift elsewhere: copies,
 * overlaps, races, late and refused samples, kills, pruning; and scrapers that watch all of it.
 */
import { setTimeout as delay } from "node:timers/promises";
import { randomSource } from "../../harness/load.ts";
import type { Runtime } from "../../harness/runtime.ts";
import type { Checks } from "../checks.ts";
import { CallSource, HOUR_MS, MINUTE_MS } from "./call-samples.ts";
import { Delivery } from "./delivery.ts";
import { ID_MODES, ReportFamily } from "./reports.ts";
import { Scrapers } from "./scrapers.ts";

const SEED = 20_261_122;
const SAMPLES = 50_000;
export const ORG = "exact-stream";
export const CAPPED_ORG = "exact-capped";
const WRITERS = 6;
const SIZES = [1, 2, 10, 60, 150, 400, 900];
const TICK_MS = 400;
/** Each raised while all is answered: a sample that was counted, not acknowledged and then pruned has no truth. */
const PRUNINGS = [
  { afterSamples: 0.3, ageMs: 20 * HOUR_MS },
  { afterSamples: 0.55, ageMs: 6 * HOUR_MS },
  { afterSamples: 0.8, ageMs: 30 * MINUTE_MS },
  { afterSamples: 1, ageMs: 0 },
];
const KILLS_BETWEEN = 2;
const KILL_DELAY_MS_MAX = 150;
const RACING_FAMILIES = 8;
/** A resend looks up ids in place of storing samples; sequential, so that a busy machine slows both. */
const COSTED_REPORTS = 5;
const COSTED_SIZE = 900;
/** One family in so many goes to the org that is above its series cap. */
const CAPPED_EVERY = 8;

export class Stream {
  readonly checks: Checks;
  readonly runtime: Runtime;
  readonly #random = new CallSource(randomSource(SEED));
  readonly main: Delivery;
  readonly capped: Delivery;
  readonly scrapers: Scrapers[];
  firstSendingMs = 0;
  resendingMs = 0;
  #families = 0;
  #isOver = false;

  constructor(runtime: Runtime, checks: Checks) {
    this.checks = checks;
    this.runtime = runtime;
    this.main = new Delivery(runtime, ORG);
    this.capped = new Delivery(runtime, CAPPED_ORG);
    this.scrapers = [
      new Scrapers(runtime, ORG, this.main),
      new Scrapers(runtime, CAPPED_ORG, this.capped),
    ];
  }

  get offered(): number {
    return this.main.offered + this.capped.offered;
  }

  async run(): Promise<void> {
    await this.runtime.makeOrg(ORG);
    await this.runtime.makeOrg(CAPPED_ORG);
    await this.runtime.json("PATCH", `/v1/orgs/${CAPPED_ORG}`, { limits: { series_max: 12 } });
    this.scrapers[0]?.start(3);
    this.scrapers[1]?.start(2);
    const ticks = this.#tick();
    for (const { afterSamples, ageMs } of PRUNINGS) {
      await this.#deliverUntil(Math.round(SAMPLES * afterSamples));
      if (afterSamples === 1) await this.#costResends();
      await this.#pruneBesideIngest(Date.now() - ageMs);
    }
    this.#isOver = true;
    await Promise.all([ticks, ...this.scrapers.map((scrapers) => scrapers.stop())]);
  }

  /** The cron, more often than each minute. */
  async #tick(): Promise<void> {
    while (!this.#isOver) {
      await this.runtime.send("POST", "/exactness/tick").catch(() => undefined);
      await delay(TICK_MS);
    }
  }

  async #deliverUntil(offered: number): Promise<void> {
    const start = this.offered;
    const killAt = Array.from(
      { length: KILLS_BETWEEN },
      (_, kill) => start + ((kill + 0.5) / KILLS_BETWEEN) * (offered - start),
    );
    const kills: Promise<void>[] = [];
    const write = async () => {
      while (this.offered < offered) {
        if (this.offered >= (killAt[0] ?? Number.POSITIVE_INFINITY)) {
          killAt.shift();
          const kill = delay(this.#random.whole(KILL_DELAY_MS_MAX)).then(() => this.runtime.kill());
          kills.push(kill);
        }
        await this.#deliverFamily(false);
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, write));
    await Promise.all(kills);
  }

  /** Clean reports: their answers tell which samples the pruning was faster than. */
  async #pruneBesideIngest(beforeMs: number): Promise<void> {
    const families = Array.from({ length: RACING_FAMILIES }, () => this.#deliverFamily(true));
    await Promise.all([this.main.prune(beforeMs), ...families]);
  }

  /** Before the last pruning, while the org has most samples. */
  async #costResends(): Promise<void> {
    const reports = Array.from({ length: COSTED_REPORTS }, () => {
      this.#families += 1;
      const options = { number: this.#families, mode: "given", size: COSTED_SIZE } as const;
      const family = new ReportFamily(this.#random, { ...options, nowMs: Date.now(), clean: true });
      return family.stages[0]?.slice(0, 1) ?? [];
    });
    const startedAt = performance.now();
    for (const report of reports) await this.main.deliver({ stages: [report] });
    this.firstSendingMs = performance.now() - startedAt;
    for (const report of reports) await this.main.deliver({ stages: [report] }, "known");
    this.resendingMs = performance.now() - startedAt - this.firstSendingMs;
  }

  async #deliverFamily(clean: boolean): Promise<void> {
    this.#families += 1;
    const number = this.#families;
    const calls = new CallSource(randomSource(SEED + number));
    const org = number % CAPPED_EVERY === 0 && !clean ? this.capped : this.main;
    const [mode, size] = [calls.pick(ID_MODES), calls.pick(SIZES)];
    await org.deliver(new ReportFamily(calls, { number, mode, size, nowMs: Date.now(), clean }));
  }
}
