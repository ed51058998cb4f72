/**
 * 20 kills, each at another moment: while reports are being stored, and while their backlog is being
 * folded. Each round has an org of its own, so that its truth is whole.
 */
import { setTimeout as delay } from "node:timers/promises";
import { randomSource } from "../../harness/load.ts";
import { CallSource } from "./call-samples.ts";
import { Checks, type Verdict } from "./checks.ts";
import { Delivery } from "./delivery.ts";
import {
  findWrongCounters,
  findWrongLags,
  findWrongRollups,
  readList,
  readRollups,
  scrapeCaughtUp,
} from "./figures.ts";
import { KillableRuntime } from "./killable-runtime.ts";
import { ID_MODES, ReportFamily } from "./reports.ts";
import { Scrapers } from "./scrapers.ts";

const SEED = 20;
const ROUNDS = 20;
const WRITERS = 6;
const SIZES = [1, 30, 120, 400];
/** A first report takes tens of milliseconds, so some kills come before any answer. */
const INGEST_KILL_MS_MAX = 400;
/** Folded in about 100 ms on a free core: a kill then hits before, in and after the fold. */
const BACKLOG_FAMILIES = 16;
const FOLD_KILL_MS_MAX = 150;

class Round {
  readonly delivery: Delivery;
  readonly scrapers: Scrapers;
  readonly org: string;
  readonly #number: number;
  readonly #runtime: KillableRuntime;
  readonly #random: CallSource;
  #families = 0;
  #isOver = false;

  constructor(runtime: KillableRuntime, number: number) {
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

async function runRounds(runtime: KillableRuntime, checks: Checks): Promise<void> {
  const rounds: Round[] = [];
  const wrong = { figures: [] as string[], lists: [] as string[] };
  for (let number = 0; number < ROUNDS; number += 1) {
    const round = new Round(runtime, number);
    rounds.push(round);
    await round.run();
    wrong.figures.push(...(await round.findWrongFigures()));
    wrong.lists.push(...(await round.findWrongList()));
  }
  const deliveries = rounds.map(({ delivery }) => delivery);
  const scrapers = rounds.map(({ scrapers }) => scrapers);
  const samples = deliveries.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  const cutReports = deliveries.filter(({ unanswered }) => unanswered > 0).length;
  const cutScrapes = scrapers.filter(({ interrupted }) => interrupted > 0).length;
  const seen = `${runtime.kills} kills, ${cutReports} cut reports off, ${cutScrapes} cut scrapes off`;
  const hits = cutReports > ROUNDS / 4 && cutScrapes > ROUNDS / 4;
  checks.report("the kills hit reports and scrapes under way", hits ? [] : [seen], seen);
  checks.report(
    "counters and rollups equal the distinct samples sent",
    wrong.figures,
    `${samples} samples`,
  );
  checks.report("the list of calls equals the distinct samples sent", wrong.lists);
  checks.report(
    "no sample is accepted twice",
    deliveries.flatMap(({ notOnce }) => notOnce),
  );
  checks.report(
    "accepted + duplicates + rejected is what was sent",
    deliveries.flatMap(({ wrongSums }) => wrongSums),
  );
  checks.report(
    "rejected names the refused samples and no other",
    deliveries.flatMap(({ wrongRefusals }) => wrongRefusals),
  );
  checks.report(
    "no cumulative sample falls over a kill",
    scrapers.flatMap(({ resets }) => resets),
  );
  checks.report(
    "a scrape counts what was acknowledged before it began",
    scrapers.flatMap(({ stale }) => stale),
  );
  checks.report(
    "a scrape counts nothing twice",
    scrapers.flatMap(({ tooMuch }) => tooMuch),
  );
  checks.report(
    "no scrape contradicts itself or is refused",
    scrapers.flatMap(({ contradictions, refused }) => [...contradictions, ...refused]),
  );
  const later = await Promise.all(rounds.map((round) => round.findWrongFigures()));
  checks.report("later kills change no org that was at rest", later.flat());
}

export async function runKillSuite(): Promise<Verdict> {
  const runtime = await KillableRuntime.start();
  const checks = new Checks("kill");
  try {
    await runRounds(runtime, checks);
    return checks.verdict;
  } finally {
    await runtime.stop();
  }
}
