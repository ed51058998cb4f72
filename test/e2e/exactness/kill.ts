/** 20 kills, each at another moment: what was acknowledged stays, and nothing is counted twice. */

import type { Runtime } from "../../harness/runtime.ts";
import type { Checks, Verdict } from "../checks.ts";
import { runExactSuite } from "./exact-suite.ts";
import { Round } from "./kill-round.ts";

const ROUNDS = 20;

async function runRounds(runtime: Runtime, checks: Checks): Promise<void> {
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

export function runKillSuite(): Promise<Verdict> {
  return runExactSuite("kill", runRounds);
}
