/** Changes an org's settings, within what its principal may change. */

import { RETENTION_DETAILS } from "#formats/ledger/retention-change.ts";
import { findOrgSettings, updateOrgSettings } from "#orgs/store/orgs.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { forgetOrg, forgetPublishedOrg } from "./directory.ts";
import { actionOf, type Operator } from "./operator.ts";
import type { Org } from "./org.ts";
import {
  needsAdministrator,
  type OrgPatch,
  type OrgSettings,
  patchSettings,
  retentionBeyondOrg,
} from "./org-settings.ts";
import { auditDaysMin, effectiveRetention, type RetentionKey } from "./retention.ts";

/** The wire's name of each retention, for pointers in errors. */
const RETENTION_NAMES: Record<RetentionKey, string> = {
  samplesHours: "samples_hours",
  rollupsHourlyDays: "rollups_hourly_days",
  rollupsDailyDays: "rollups_daily_days",
  auditDays: "audit_days",
};

/** Fails with `conflict` where the org was changed meanwhile. A patch that changes nothing is no deed. */
export async function changeOrg(
  env: Env,
  { org, generation }: Pick<Org, "org" | "generation">,
  patch: OrgPatch,
  by: Operator & { isAdministrator: boolean },
): Promise<void> {
  const before = (await findOrgSettings(env.DIRECTORY, org)) ?? fail({ kind: "not_found" });
  if (!by.isAdministrator) requireWithinReach(before, patch);
  const after = patchSettings(before, patch);
  requireAuditFloor(after, patch);
  if (JSON.stringify(before) === JSON.stringify(after)) return;
  const deed = {
    org,
    action: "operator.org.updated",
    target: `org://${org}`,
    details: { ...changesOf(before, after), ...auditDaysOf(before, after) },
  } as const;
  const action = actionOf(by, deed, Date.now());
  const identity = { org, generation };
  const isChanged = await updateOrgSettings(env.DIRECTORY, identity, { before, after }, action);
  forgetOrg(org);
  if (before.publishesAuditLog !== after.publishesAuditLog) forgetPublishedOrg(org);
  if (!isChanged) {
    fail({ kind: "conflict", detail: "The org was changed meanwhile; read it again." });
  }
}

function requireWithinReach(before: OrgSettings, patch: OrgPatch): void {
  if (needsAdministrator(patch) || patch.retention?.auditDays !== undefined) {
    fail({ kind: "administrator_only" });
  }
  const beyond = retentionBeyondOrg(before.tier, patch);
  if (beyond.length === 0) return;
  const message = "must not exceed the tier's";
  const errors = beyond.map((key) => ({ pointer: `/retention/${RETENTION_NAMES[key]}`, message }));
  fail({ kind: "invalid_request", errors });
}

/** An override lengthens the tier's audit retention: it never shortens it. */
function requireAuditFloor({ tier }: OrgSettings, { retention }: OrgPatch): void {
  const daysMin = auditDaysMin(tier);
  if ((retention?.auditDays ?? daysMin) >= daysMin) return;
  const message = `must not be below the tier's, ${daysMin} days`;
  const pointer = `/retention/${RETENTION_NAMES.auditDays}`;
  fail({ kind: "invalid_request", errors: [{ pointer, message }] });
}

/** For the ledger, which goes by what its entries say: see src/formats/ledger/retention-change.ts. */
function auditDaysOf(before: OrgSettings, after: OrgSettings): Record<string, string> {
  const days = ({ tier, retention }: OrgSettings) => effectiveRetention(tier, retention).auditDays;
  const [from, to] = [days(before), days(after)];
  if (from === to) return {};
  return { [RETENTION_DETAILS.from]: String(from), [RETENTION_DETAILS.to]: String(to) };
}

/** What changed, as the ledger keeps it: from and to, in the words of org-settings.ts. */
function changesOf(before: OrgSettings, after: OrgSettings): Record<string, string> {
  const keys = Object.keys(after) as (keyof OrgSettings)[];
  const changed = keys.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
  return Object.fromEntries(
    changed.flatMap((key) => [
      [`${snakeCase(key)}.from`, settingText(before[key])],
      [`${snakeCase(key)}.to`, settingText(after[key])],
    ]),
  );
}

function snakeCase(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function settingText(value: OrgSettings[keyof OrgSettings]): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
