/** What the stream's answers, scrapes and figures must have been. */
import type { Delivery } from "./delivery.ts";
import {
  findWrongCounters,
  findWrongLags,
  findWrongRollups,
  findWrongTotals,
  readList,
  readRollups,
  scrapeCaughtUp,
} from "./figures.ts";
import type { Scrapers } from "./scrapers.ts";
import { CAPPED_ORG, ORG, type Stream } from "./stream-run.ts";

/** Times; it takes 0.8, and 18 where each id is looked for among all samples of the org. */
const RESEND_COST_MAX = 5;

export function reportProgress(stream: Stream): void {
  const { checks, main, capped, scrapers, runtime, firstSendingMs, resendingMs } = stream;
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
  const times = `${Math.round(resendingMs)} ms, first ${Math.round(firstSendingMs)} ms`;
  const isDear = resendingMs > RESEND_COST_MAX * firstSendingMs;
  checks.report("resending costs about what sending did", isDear ? [times] : [], times);
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

export async function reportFigures(
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

export async function reportKept(
  { checks, runtime, main, capped }: Stream,
  when: string,
): Promise<void> {
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
      `${org}: the list holds each acknowledged sample that was not pruned ${when}`,
      problems,
      `${ids.size} samples`,
    );
  }
}
