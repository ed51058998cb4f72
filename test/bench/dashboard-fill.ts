/**
 * An org of 10,000 tools and 5,000,000 calls in its last day, and of five quarters of an hour before, as far back as
 * samples are kept. Some of the hours to come are filled, too: they become the last minutes while it is measured.
 */
import type { Runtime } from "../harness/runtime.ts";
import { CALLS_PER_QUARTER, fillQuarter, QUARTER_MS } from "./activity-fill.ts";

const DAY_QUARTERS = 96;
const AHEAD_QUARTERS = 8;
/** Of the 30 days that an enterprise's samples are kept. */
const OLD_DAYS = [2.5, 7, 14, 21, 29];

export const LARGE_ORG = "bench-large";
export const EMPTY_ORG = "bench-empty";

export interface FilledOrg {
  readonly samples: number;
  /** The start of the newest quarter that was over when it was filled. */
  readonly quarterMs: number;
  /** Starts of the quarters that lie apart, the newest first. */
  readonly oldQuartersMs: readonly number[];
}

/** Of a folder that has been filled before, what it was filled with. */
export async function fillLargeOrg(runtime: Runtime): Promise<FilledOrg> {
  const found = await runtime.queryDatabase<{ quarter: number | null }>(
    "SHARD_0",
    `SELECT max(quarter) AS quarter FROM activity_quarters WHERE org = '${LARGE_ORG}'`,
  );
  const last = found[0]?.quarter ?? null;
  const quarterMs =
    last === null
      ? (Math.floor(Date.now() / QUARTER_MS) - 1) * QUARTER_MS
      : (last - AHEAD_QUARTERS) * QUARTER_MS;
  const quarters = copies();
  if (last === null) await fill(runtime, quarterMs, quarters);
  return {
    samples: (quarters.length + 1) * CALLS_PER_QUARTER,
    quarterMs,
    oldQuartersMs: OLD_DAYS.map((days) => quarterMs - days * DAY_QUARTERS * QUARTER_MS),
  };
}

function copies(): number[] {
  const day = Array.from({ length: DAY_QUARTERS - 1 }, (_, at) => -(at + 1));
  const ahead = Array.from({ length: AHEAD_QUARTERS }, (_, at) => at + 1);
  return [...OLD_DAYS.map((days) => -days * DAY_QUARTERS), ...day, ...ahead];
}

async function fill(runtime: Runtime, quarterMs: number, quarters: number[]): Promise<void> {
  await runtime.makeOrg(EMPTY_ORG);
  await runtime.makeOrg(LARGE_ORG);
  await fillQuarter(runtime, LARGE_ORG, quarterMs);
  // By key, so that the tree grows at its end.
  for (const shift of quarters.sort((a, b) => a - b)) {
    const query = `org=${LARGE_ORG}&from=${quarterMs}&quarters=${shift}`;
    await runtime.json("GET", `/bench/copy-quarter?${query}`);
  }
}
