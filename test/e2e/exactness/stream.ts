/**
 * A seeded stream of 50,000 samples, with everything that makes figures drift elsewhere: copies,
 * overlaps, races, late and refused samples, kills, pruning; and scrapers that watch all of it.
 */
import { setTimeout as delay } from "node:timers/promises";
import { randomSource } from "../../harness/load.ts";
import { CallSource, HOUR_MS, MINUTE_MS } from "./call-samples.ts";
import { Checks, type Verdict } from "./checks.ts";
import { Delivery } from "./delivery.ts";
import {
  findWrongCounters,
  findWrongLags,
  findWrongRollups,
  findWrongTotals,
  readList,
  readRollups,
  scrapeCaughtUp,
} from "./figures.ts";
import { KillableRuntime } from "./killable-runtime.ts";
import { ID_MODES, ReportFamily } from "./reports.ts";
import { Scrapers } from "./scrapers.ts";

const SEED = 20_261_122;
const SAMPLES = 50_000;
const ORG = "exact-stream";
const CAPPED_ORG = "exact-capped";
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
/** One family in so many goes to the org that is above its series cap. */
const CAPPED_EVERY = 8;

class Stream {
  readonly checks = new Checks("stream");
  readonly runtime: KillableRuntime;
  readonly #random = new CallSource(randomSource(SEED));
  readonly main: Delivery;
  readonly capped: Delivery;
  readonly scrapers: Scrapers[];
  #families = 0;
  #isOver = false;

  constructor(runtime: KillableRuntime) {
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

  async #deliverFamily(clean: boolean): Promise<void> {
    this.#families += 1;
    const number = this.#families;
    const calls = new CallSource(randomSource(SEED + number));
    const org = number % CAPPED_EVERY === 0 && !clean ? this.capped : this.main;
    const [mode, size] = [calls.pick(ID_MODES), calls.pick(SIZES)];
    await org.deliver(new ReportFamily(calls, { number, mode, size, nowMs: Date.now(), clean }));
  }
}

function reportProgress({ checks, main, capped, scrapers, runtime }: Stream): void {
  const both = [main, capped];
  const sum = (pick: (delivery: Delivery) => number) => pick(main) + pick(capped);
  const answered = `${sum((d) => d.answers)} answers, ${sum((d) => d.unanswered)} requests cut off, ${sum((d) => d.unavailable)} times 503, ${runtime.kills} kills`;
  checks.report(
    "accepted + duplicates + rejected is what was sent",
    both.flatMap((d) => d.wrongSums),
    answered,
  );
  checks.report(
    "rejected names the refused samples and no other",
    both.flatMap((d) => d.wrongRefusals),
  );
  checks.report(
    "each sample is accepted exactly once",
    both.flatMap((d) => d.notOnce),
    `${sum((d) => d.acknowledged)} distinct acknowledged of ${sum((d) => d.offered)} sent`,
  );
  const total = (pick: (s: Scrapers) => number) => scrapers.reduce((n, s) => n + pick(s), 0);
  const seen = `${total((s) => s.scrapes)} scrapes, ${total((s) => s.interrupted)} cut off, ${total((s) => s.behind)} behind`;
  checks.report(
    "no cumulative sample ever falls or leaves",
    scrapers.flatMap((s) => s.resets),
    seen,
  );
  checks.report(
    "calls, errors, outcomes and histogram agree in every scrape",
    scrapers.flatMap((s) => s.contradictions),
  );
  checks.report(
    "a scrape counts what was acknowledged before it began",
    scrapers.flatMap((s) => s.stale),
  );
  checks.report(
    "a scrape counts nothing twice",
    scrapers.flatMap((s) => s.tooMuch),
  );
  checks.report(
    "no scrape is refused",
    scrapers.flatMap((s) => s.refused),
  );
}

async function reportFigures(
  { checks, runtime, main, capped }: Stream,
  when: string,
): Promise<void> {
  const page = await scrapeCaughtUp(runtime, ORG);
  const { truth } = main;
  checks.report(
    `counters, sums and buckets are exact ${when}`,
    findWrongCounters(page, truth),
    `${page.series.length} series`,
  );
  checks.report(`every sample has one lag ${when}`, findWrongLags(page, truth));
  for (const [granularity, windows] of [
    ["hour", truth.hours],
    ["day", truth.days],
  ] as const) {
    const rollups = await readRollups(runtime, ORG, granularity);
    checks.report(
      `rollups by ${granularity} are exact ${when}`,
      findWrongRollups(rollups, windows),
      `${rollups.length} windows`,
    );
  }
  const cappedPage = await scrapeCaughtUp(runtime, CAPPED_ORG);
  checks.report(
    `above the series cap totals are exact ${when}`,
    [...findWrongTotals(cappedPage, capped.truth), ...findWrongLags(cappedPage, capped.truth)],
    `${cappedPage.series.length} series`,
  );
}

async function reportKept({ checks, runtime, main, capped }: Stream): Promise<void> {
  for (const [org, delivery] of [
    [ORG, main],
    [CAPPED_ORG, capped],
  ] as const) {
    const listed = await readList<{ id: string }>(
      runtime,
      `/v1/orgs/${org}/invocations?limit=1000`,
      "invocations",
    );
    const ids = new Set(listed.map(({ id }) => id));
    const missing = delivery.keptGivenIds.filter((id) => !ids.has(id));
    const problems = missing.map((id) => `${id} was acknowledged and is not listed`);
    if (ids.size !== delivery.kept) problems.push(`${ids.size} listed, expected ${delivery.kept}`);
    checks.report(
      `${org}: the list holds each acknowledged sample that was not pruned`,
      problems,
      `${ids.size} samples`,
    );
  }
}

export async function runStreamSuite(): Promise<Verdict> {
  const runtime = await KillableRuntime.start();
  try {
    const stream = new Stream(runtime);
    await stream.run();
    reportProgress(stream);
    await reportFigures(stream, "at the end");
    await reportKept(stream);
    await stream.main.prune(Date.now() + 2 * HOUR_MS);
    await reportFigures(stream, "after every sample row is gone");
    await reportKept(stream);
    return stream.checks.verdict;
  } finally {
    await runtime.stop();
  }
}
