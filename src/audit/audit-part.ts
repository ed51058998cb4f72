/**
 * What the signer knows of an org's log, from the beginning: see src/orgs/org-lifecycle.ts. A log outlives
 * its org, so nothing of it is erased with the org: the expiry job erases it, once its retention has ended.
 */
import { insertAuditLog } from "#audit/store/audit-logs.ts";
import type { OrgPart } from "#orgs/org-lifecycle.ts";

export const auditPart: OrgPart = {
  name: "audit",
  open: (shardDb, org) => insertAuditLog(shardDb, { org, log: 1 }),
};
