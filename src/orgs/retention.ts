/**
 * How long each kind of data is kept. The tier gives the default; an org's overrides are applied
 * on top. Sample retention is never under 26 h, however it was set: samples are accepted from 24 h
 * in the past, and one that could be pruned before it can no longer be resent would be counted twice.
 */
import type { Tier } from "./tier.ts";

export interface Retention {
  samplesHours: number;
  rollupsHourlyDays: number;
  rollupsDailyDays: number;
  auditDays: number;
}

export type RetentionOverrides = Partial<Retention>;
export type RetentionKey = keyof Retention;

/**
 * What the administrator may set. The rollups' floor of 2 days covers the current and the previous
 * window that latency quantiles read; the ceilings keep a typing error from filling a shard.
 */
export const RETENTION_BOUNDS: Record<RetentionKey, { min: number; max: number }> = {
  samplesHours: { min: 26, max: 8_760 },
  rollupsHourlyDays: { min: 2, max: 1_825 },
  rollupsDailyDays: { min: 2, max: 3_650 },
  auditDays: { min: 1, max: 3_650 },
};

const ROLLUP_DAYS = { rollupsHourlyDays: 365, rollupsDailyDays: 1_825 };

const TIER_RETENTION: Record<Tier, Retention> = {
  community: { samplesHours: 48, ...ROLLUP_DAYS, auditDays: 30 },
  pro: { samplesHours: 168, ...ROLLUP_DAYS, auditDays: 90 },
  team: { samplesHours: 336, ...ROLLUP_DAYS, auditDays: 180 },
  enterprise: { samplesHours: 720, ...ROLLUP_DAYS, auditDays: 2_555 },
};

export const RETENTION_KEYS = Object.keys(RETENTION_BOUNDS) as RetentionKey[];

/** Audit entries are kept as long as the tier says, or longer. */
export function auditDaysMin(tier: Tier): number {
  return TIER_RETENTION[tier].auditDays;
}

/** The values are clamped again here, so that no stored override can undercut a floor. */
export function effectiveRetention(tier: Tier, overrides: RetentionOverrides): Retention {
  const effective = { ...TIER_RETENTION[tier] };
  for (const key of RETENTION_KEYS) {
    const { min, max } = RETENTION_BOUNDS[key];
    effective[key] = Math.min(max, Math.max(min, overrides[key] ?? effective[key]));
  }
  effective.auditDays = Math.max(effective.auditDays, auditDaysMin(tier));
  return effective;
}

/**
 * What an org may set for itself: shorter than its tier's default, never longer; null is the default.
 * The audit ledger's retention is the administrator's alone, for shortening it destroys evidence
 * about the org's own admins.
 */
export function orgMaySetRetention(tier: Tier, key: RetentionKey, value: number | null): boolean {
  return key !== "auditDays" && (value ?? 0) <= TIER_RETENTION[tier][key];
}

/** After a change of tier, an override longer than the new tier's default is dropped. */
export function overridesWithinTier(tier: Tier, overrides: RetentionOverrides): RetentionOverrides {
  const kept: RetentionOverrides = {};
  for (const key of RETENTION_KEYS) {
    const value = overrides[key];
    if (value !== undefined && value <= TIER_RETENTION[tier][key]) kept[key] = value;
  }
  return kept;
}
