/** What figures that are counted of samples have in common: which samples, and how far back they go. */
import type { CallFilter } from "#calls/call-filter.ts";
import { OUTCOMES, REPLAY } from "#calls/outcome.ts";
import { settleForRead } from "#calls/pairing/settle-calls.ts";
import { findWaitingSince } from "#calls/store/waiting-since.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase } from "#platform/shards.ts";

/** A filter with both of its times. */
export type RangedFilter = CallFilter & { fromMs: number; toMs: number };

/** What was counted: all that began in [scannedToMs ?? fromMs, toMs). */
export interface SampleCoverage {
  fromMs: number;
  toMs: number;
  /** Null where the samples of all of the time were looked at. */
  scannedToMs: number | null;
  /** When the oldest call arrived that waits for what may tell better of it, and is no sample yet; else now. */
  countedUntilMs: number;
}

/** A replay is no call of the tool: counted only where it is asked for by name, so a figure is the length of a list. */
const CALL_OUTCOMES = OUTCOMES.filter((_, index) => index !== REPLAY);

export function countedCalls<Filter extends CallFilter>(filter: Filter): Filter {
  return { outcomes: CALL_OUTCOMES, ...withoutUndefined(filter) };
}

function withoutUndefined<Filter extends CallFilter>(filter: Filter): Filter {
  return Object.fromEntries(
    Object.entries(filter).filter(([, value]) => value !== undefined),
  ) as Filter;
}

/** Counts what `count` counts, once callers' calls that have waited are settled. */
export async function countSamples<Counted extends { scannedToMs: number | null }>(
  env: Env,
  org: Org,
  { fromMs, toMs }: RangedFilter,
  isOver: () => boolean,
  count: (db: D1Database) => Promise<Counted>,
): Promise<Counted & SampleCoverage> {
  const db = shardDatabase(env, org.shard);
  await settleForRead(env, org, isOver);
  const nowMs = Date.now();
  const countedUntilMs = (await findWaitingSince(db, org.org)) ?? nowMs;
  return { ...(await count(db)), fromMs, toMs, countedUntilMs };
}
