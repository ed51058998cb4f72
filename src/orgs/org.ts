/** An org is the tenant: whose data it is, how much of it, for how long, and on which shard. */

import type { Limits } from "./limits.ts";
import type { SpanMapping } from "./mapped-attributes.ts";
import type { PayloadCapture } from "./payload-capture.ts";
import type { RedactionSettings } from "./redaction-settings.ts";
import type { Retention } from "./retention.ts";
import type { Tier } from "./tier.ts";

export const ORG_NAME_PATTERN = "^[a-z0-9][a-z0-9-]{0,62}$";
const ORG_NAME = new RegExp(ORG_NAME_PATTERN);

/** The org that exists from the first start, without anyone creating it. */
export const DEFAULT_ORG = "default";

/** `deleting`: closed to everyone, its data being removed; `deleted`: only the name remains. */
export type OrgState = "active" | "deleting" | "deleted";

export const ON_LEDGER_FAILURE = ["refuse", "permit"] as const;
export type OnLedgerFailure = (typeof ON_LEDGER_FAILURE)[number];

export interface Entitlements {
  payloadCapture: boolean;
}

export interface Org {
  org: string;
  tier: Tier;
  entitlements: Entitlements;
  /** Effective: the tier's defaults with the org's overrides applied. */
  limits: Limits;
  /** Effective: the tier's defaults with the org's overrides applied. */
  retention: Retention;
  /** Binding of the database that holds the org's data, e.g. `SHARD_0`. */
  shard: string;
  /** Raised by a deletion or a move; writes on the shard name it, so a stale one writes nothing. */
  generation: number;
  state: OrgState;
  /** The log that its audit entries go to now; a recovery raises it. */
  auditLog: number;
  /** True if anyone may read the log's checkpoint and hash tiles, of which no entry can be learnt. */
  publishesAuditLog: boolean;
  /** What becomes of a call through the gateway whose decision its ledger cannot take. */
  onLedgerFailure: OnLedgerFailure;
  /** The age at which its data keys have their next version; null: only when somebody asks. */
  keyRotationDays: number | null;
  /** The org's own names of attributes in OTLP spans, tried before the conventions'. */
  spanMapping: SpanMapping;
  payloadCapture: PayloadCapture;
  /** What is taken out of its payloads, and of its events' details, before they are kept. */
  redaction: RedactionSettings;
  createdAtMs: number;
  updatedAtMs: number;
}

export const KEY_ROTATION_DAYS = { min: 1, max: 3_650 };

export const NO_ENTITLEMENTS: Entitlements = { payloadCapture: false };

export function isOrgName(value: string): boolean {
  return ORG_NAME.test(value);
}
