/** How much an org may have and send. The tier gives the default; the administrator may set another. */
import type { Tier } from "./tier.ts";

export interface Limits {
  /** Series an org may have before new ones are counted under `__other__`. */
  seriesMax: number;
  /** Bytes that the names of these series may have together, in UTF-8; beyond, likewise. */
  seriesLabelBytesMax: number;
  /** Of each token, per isolate: a shed and not a quota (src/orgs/http/limit-rate.ts). */
  requestsPerMinute: number;
  /** Of the bodies that each token sends, decompressed; per isolate too. */
  bytesPerMinute: number;
}

const MIB = 1_048_576;

/**
 * What a fleet may send through one token, of which it may have more. A gateway reports each 5 s, samples,
 * audit events and spans apart: 36 requests a minute. A call has 350 bytes as a sample, 1,200 as two audit
 * events and 1,000 as a span, if it is sent as all three: 2.5 KB.
 *
 * That is 33 gateways and 440 calls a second for the first tier; for the last 1,600, where an org has 1,000
 * instances at most, and 14,000, or 95,000 as samples alone, of which a shard takes 40,000.
 */
const TIER_BUDGETS: Record<Tier, Pick<Limits, "requestsPerMinute" | "bytesPerMinute">> = {
  community: { requestsPerMinute: 1_200, bytesPerMinute: 64 * MIB },
  pro: { requestsPerMinute: 6_000, bytesPerMinute: 256 * MIB },
  team: { requestsPerMinute: 20_000, bytesPerMinute: 1_024 * MIB },
  enterprise: { requestsPerMinute: 60_000, bytesPerMinute: 2_048 * MIB },
};

/**
 * 10,000 series: a scrape reads one row a series, about 70 ms. Their names average 50 bytes in practice, and
 * stand on some forty lines of a scrape each: 2 MiB are four times that, and 75 MB of a scrape.
 */
const SERIES = { seriesMax: 10_000, seriesLabelBytesMax: 2 * MIB };

export const LIMIT_BOUNDS = {
  seriesMax: { min: 1, max: 100_000 },
  seriesLabelBytesMax: { min: 1_024, max: 16 * MIB },
  requestsPerMinute: { min: 1, max: 1_000_000 },
  bytesPerMinute: { min: MIB, max: 1_000_000 * MIB },
} as const satisfies Record<keyof Limits, { min: number; max: number }>;

export function effectiveLimits(tier: Tier, overrides: Partial<Limits>): Limits {
  return { ...SERIES, ...TIER_BUDGETS[tier], ...overrides };
}
