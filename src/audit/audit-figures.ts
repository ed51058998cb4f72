/** What a scrape says of the org's audit log: whether it grows, is signed, is whole. */

import { type AuditLogFigures, selectAuditFigures } from "#audit/store/audit-logs.ts";
import { labelSet, type MetricFamily } from "#formats/exposition/metric-family.ts";

export const AUDIT_FAMILY_NAMES = [
  "mcpg_audit_tree_size",
  "mcpg_audit_checkpoint_timestamp_seconds",
  "mcpg_audit_unsigned_entries",
  "mcpg_audit_scrub_timestamp_seconds",
  "mcpg_audit_frozen",
] as const;

/** A source of figures, as calls/figure-sources.ts has it: it is registered there by capabilities.ts. */
export const auditFigures = {
  familyNames: AUDIT_FAMILY_NAMES,
  select: selectAuditFigures,
  families: (org: string, [log]: readonly unknown[]) =>
    auditFamilies(org, (log as AuditLogFigures | undefined) ?? null),
};

/** `log` is null for an org that has none yet. */
function auditFamilies(org: string, log: AuditLogFigures | null): MetricFamily[] {
  const labels = labelSet([["org", org]]);
  /** A value that is not known has no point: a zero would be a claim. */
  const points = (figureOf: (figures: AuditLogFigures) => number | null) => {
    const value = log === null ? null : figureOf(log);
    return value === null ? [] : [{ labels, value }];
  };
  return [
    {
      type: "gauge",
      name: "mcpg_audit_tree_size",
      help: "Entries of the audit log",
      points: points(({ treeSize }) => treeSize),
    },
    {
      type: "gauge",
      name: "mcpg_audit_checkpoint_timestamp_seconds",
      help: "When the newest checkpoint of the audit log was signed",
      unit: "seconds",
      points: points(({ signedAtMs }) => (signedAtMs === null ? null : signedAtMs / 1e3)),
    },
    {
      type: "gauge",
      name: "mcpg_audit_unsigned_entries",
      help: "Entries of the audit log that no signed checkpoint covers yet",
      points: points(({ treeSize, signedSize }) => treeSize - signedSize),
    },
    {
      type: "gauge",
      name: "mcpg_audit_scrub_timestamp_seconds",
      help: "When all of the audit log was last proven anew, to its end of that time",
      unit: "seconds",
      points: points(({ scrubbedAtMs }) => (scrubbedAtMs === null ? null : scrubbedAtMs / 1e3)),
    },
    {
      type: "gauge",
      name: "mcpg_audit_frozen",
      help: "1 if the audit log contradicts itself or what was signed of it, and takes no entries",
      points: points(({ isFrozen }) => isFrozen),
    },
  ];
}
