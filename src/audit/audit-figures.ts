/** What a scrape says of the org's audit log: whether it grows, is signed, is whole, has room. */

import { findSeedFaults, type SeedFaults, seedsOfLog } from "#audit/signing/seed-check.ts";
import { type AuditLogFigures, selectAuditFigures } from "#audit/store/log-figures.ts";
import { labelSet, type MetricFamily } from "#formats/exposition/metric-family.ts";
import type { Env } from "#platform/env.ts";
import { seedSetting } from "#vault/root-keys.ts";

export const AUDIT_FAMILY_NAMES = [
  "mcpg_audit_tree_size",
  "mcpg_audit_checkpoint_timestamp_seconds",
  "mcpg_audit_unsigned_entries",
  "mcpg_audit_scrub_timestamp_seconds",
  "mcpg_audit_frozen",
  "mcpg_audit_misconfigured",
  "mcpg_audit_bytes",
  "mcpg_audit_bytes_limit",
] as const;

/** What a Durable Object's database may have (developers.cloudflare.com/durable-objects/platform/limits). */
const LOG_BYTES_MAX = 10_000_000_000;

/** A source of figures, as calls/figures/figure-sources.ts has it: it is registered there by capabilities.ts. */
export const auditFigures = {
  familyNames: AUDIT_FAMILY_NAMES,
  select: selectAuditFigures,
  async families({ env, org }: { env: Env; org: string }, { results: [log] }: D1Result<unknown>) {
    const figures = (log as AuditLogFigures | undefined) ?? null;
    const faults = figures === null ? new Map() : await findSeedFaults(env);
    return auditFamilies(org, figures, faults);
  },
};

/** `log` is null for an org that has none yet. */
function auditFamilies(
  org: string,
  log: AuditLogFigures | null,
  faults: SeedFaults,
): MetricFamily[] {
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
    {
      type: "gauge",
      name: "mcpg_audit_misconfigured",
      help: "1 if the setting is not the one that the audit log was signed with, so that nothing of it is signed",
      points: (log === null ? [] : seedsOfLog(log)).map((version) => ({
        labels: labelSet([
          ["org", org],
          ["setting", seedSetting(version)],
        ]),
        value: faults.has(version) ? 1 : 0,
      })),
    },
    {
      type: "gauge",
      name: "mcpg_audit_bytes",
      help: "Bytes of the audit log's database",
      unit: "bytes",
      points: points(({ bytes }) => bytes),
    },
    {
      type: "gauge",
      name: "mcpg_audit_bytes_limit",
      help: "Bytes that the audit log's database may have",
      points: points(() => LOG_BYTES_MAX),
    },
  ];
}
