/**
 * What of an org can be changed, kept as differences from the defaults, so that a better default
 * reaches every org that never chose otherwise.
 */

import { effectiveLimits, type Limits } from "./limits.ts";
import type { SpanMapping } from "./mapped-attributes.ts";
import {
  type Entitlements,
  NO_ENTITLEMENTS,
  type OnLedgerFailure,
  type Org,
  type OrgState,
} from "./org.ts";
import { NO_CAPTURE, type PayloadCapture } from "./payload-capture.ts";
import type { RedactionSettings } from "./redaction-settings.ts";
import {
  effectiveRetention,
  orgMaySetRetention,
  overridesWithinTier,
  RETENTION_KEYS,
  type RetentionKey,
  type RetentionOverrides,
} from "./retention.ts";
import type { Tier } from "./tier.ts";

export interface OrgSettings {
  tier: Tier;
  entitlements: Partial<Entitlements>;
  limits: Partial<Limits>;
  retention: RetentionOverrides;
  publishesAuditLog: boolean;
  onLedgerFailure: OnLedgerFailure;
  keyRotationDays: number | null;
  spanMapping: SpanMapping;
  payloadCapture: Partial<PayloadCapture>;
}

type Patch<Values> = { [Key in keyof Values]?: Values[Key] | null };

/** Null takes a value back to its default. */
export interface OrgPatch {
  tier?: Tier;
  entitlements?: Patch<Entitlements>;
  limits?: Patch<Limits>;
  retention?: Patch<Record<RetentionKey, number>>;
  publishesAuditLog?: boolean;
  onLedgerFailure?: OnLedgerFailure;
  keyRotationDays?: number | null;
  spanMapping?: Patch<SpanMapping>;
  payloadCapture?: Patch<PayloadCapture>;
}

/** What a new org has beside its tier. */
export function newSettings(tier: Tier): OrgSettings {
  return {
    tier,
    entitlements: {},
    limits: {},
    retention: {},
    publishesAuditLog: false,
    onLedgerFailure: "refuse",
    keyRotationDays: null,
    spanMapping: {},
    payloadCapture: {},
  };
}

/** What of an org its settings do not change. */
export interface OrgIdentity {
  org: string;
  shard: string;
  generation: number;
  state: OrgState;
  auditLog: number;
  /** Changed by itself: src/redaction/change-redaction.ts. */
  redaction: RedactionSettings;
  createdAtMs: number;
  updatedAtMs: number;
}

export function effectiveOrg(identity: OrgIdentity, settings: OrgSettings): Org {
  return {
    ...identity,
    tier: settings.tier,
    entitlements: { ...NO_ENTITLEMENTS, ...settings.entitlements },
    limits: effectiveLimits(settings.tier, settings.limits),
    retention: effectiveRetention(settings.tier, settings.retention),
    publishesAuditLog: settings.publishesAuditLog,
    onLedgerFailure: settings.onLedgerFailure,
    keyRotationDays: settings.keyRotationDays,
    spanMapping: settings.spanMapping,
    payloadCapture: { ...NO_CAPTURE, ...settings.payloadCapture },
  };
}

export function patchSettings(before: OrgSettings, patch: OrgPatch): OrgSettings {
  const tier = patch.tier ?? before.tier;
  const inherited =
    tier === before.tier ? before.retention : overridesWithinTier(tier, before.retention);
  return {
    tier,
    entitlements: merge(before.entitlements, patch.entitlements),
    limits: merge(before.limits, patch.limits),
    retention: merge(inherited, patch.retention),
    publishesAuditLog: patch.publishesAuditLog ?? before.publishesAuditLog,
    onLedgerFailure: patch.onLedgerFailure ?? before.onLedgerFailure,
    keyRotationDays:
      patch.keyRotationDays === undefined ? before.keyRotationDays : patch.keyRotationDays,
    spanMapping: merge(before.spanMapping, patch.spanMapping),
    payloadCapture: merge(before.payloadCapture, patch.payloadCapture),
  };
}

/** RFC 7396, one level deep. */
function merge<Values extends object>(
  before: Partial<Values>,
  patch: Patch<Values> = {},
): Partial<Values> {
  const merged = Object.entries({ ...before, ...patch }).filter(([, value]) => value !== null);
  return Object.fromEntries(merged) as Partial<Values>;
}

/** A tenant must not raise its own cap: tier, entitlements and limits are for the administrator to change. */
export function needsAdministrator(patch: OrgPatch): boolean {
  const { tier, entitlements, limits } = patch;
  return tier !== undefined || entitlements !== undefined || limits !== undefined;
}

/** The retention keys of a patch that the org may not set itself to that value. */
export function retentionBeyondOrg(tier: Tier, patch: OrgPatch): RetentionKey[] {
  return RETENTION_KEYS.filter((key) => {
    const value = patch.retention?.[key];
    if (value === undefined) return false;
    return !orgMaySetRetention(tier, key, value);
  });
}
