/** One kill in the middle of reports or of their fold, in an org of its own, so that its truth is whole. */
import { setTimeout as delay } from "node:timers/promises";
import { randomSource } from "../../harness/load.ts";
import type { Runtime } from "../../harness/runtime.ts";
import { CallSource } from "./call-samples.ts";
import { Delivery } from "./delivery.ts";
import {
  findWrongCounters,
  findWrongLags,
  findWrongRollups,
  readList,
  readRollups,
  scrapeCaughtUp,
} from "./figures.ts";
import { ID_MODES, ReportFamily } from "./reports.ts";
import { Scrapers } from "./scrapers.ts";

const SEED = 20;
const WRITERS = 6;
const SIZES = [1, 30, 120, 400];
/** A first report takes tens of milliseconds, so some kills come before any answer. */
const INGEST_KILL_MS_MAX = 400;
/** Folded in about 100 ms on a free core: a kill then hits before, in and after the fold. */
const BACKLOG_FAMILIES = 16;
const FOLD_KILL_MS_MAX = 150;

export class Round {
  readonly delivery: Delivery;
  readonly scrapers: Scrapers;
  readonly org: string;
  readonly #number: number;
  readonly #runtime: Runtime;
  readonly #random: CallSource;
  #families = 0;
  #isOver = false;

  constructor(runtime: Runtime, number: number) {
    this.org = `exact-kill-${number}`;
    this.#number = number;
    this.#runtime = runtime;
    this.#random = new CallSource(randomSource(SEED + number));
    this.delivery = new Delivery(runtime, this.org);
    this.scrapers = new Scrapers(runtime, this.org, this.delivery);
  }

  async run(): Promise<void> {
    await this.#runtime.makeOrg(this.org);
    const isFoldRound = this.#number % 2 === 1;
    if (isFoldRound) {
      await Promise.all(Array.from({ length: BACKLOG_FAMILIES }, () => this.#deliverFamily()));
    }
    this.scrapers.start(isFoldRound ? 3 : 1);
    const load = [this.#tick(), ...Array.from({ length: WRITERS }, () => this.#write())];
    await delay(this.#random.whole(isFoldRound ? FOLD_KILL_MS_MAX : INGEST_KILL_MS_MAX));
    await this.#runtime.kill();
    this.#isOver = true;
    await Promise.all([this.scrapers.stop(), ...load]);
  }

  async findWrongFigures(): Promise<string[]> {
    const { truth } = this.delivery;
    const page = await scrapeCaughtUp(this.#runtime, this.org);
    const problems = [
      ...findWrongCounters(page, truth),
      ...findWrongLags(page, truth),
      ...findWrongRollups(await readRollups(this.#runtime, this.org, "hour", 1_000), truth.hours),
      ...findWrongRollups(await readRollups(this.#runtime, this.org, "day", 1_000), truth.days),
    ];
    return problems.map((problem) => `${this.org}: ${problem}`);
  }

  async findWrongList(): Promise<string[]> {
    const path = `/v1/orgs/${this.org}/invocations?limit=1000`;
    const listed = await readList<{ id: string }>(this.#runtime, path, "invocations");
    const ids = new Set(listed.map(({ id }) => id));
    const { truth, keptGivenIds } = this.delivery;
    const lost = keptGivenIds
      .filter((id) => !ids.has(id))
      .map((id) => `${this.org}: ${id} is lost`);
    if (listed.length === truth.count && ids.size === truth.count) return lost;
    return [...lost, `${this.org}: ${listed.length} listed, expected ${truth.count}`];
  }

  async #write(): Promise<void> {
    while (!this.#isOver) await this.#deliverFamily();
  }

  async #tick(): Promise<void> {
    while (!this.#isOver) {
      await this.#runtime.send("POST", "/exactness/tick").catch(() => undefined);
      await delay(50);
    }
  }

  async #deliverFamily(): Promise<void> {
    this.#families += 1;
    const number = this.#number * 10_000 + this.#families;
    const calls = new CallSource(randomSource(number));
    const [mode, size] = [calls.pick(ID_MODES), calls.pick(SIZES)];
    const options = { number, mode, size, nowMs: Date.now(), clean: false };
    await this.delivery.deliver(new ReportFamily(calls, options));
  }
}
