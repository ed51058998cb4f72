/** Ends an org's frozen log and has its entries go to a successor, on the record. */
import { forgetOrg, forgetPublishedOrg } from "#orgs/directory.ts";
import { actionOf, type Operator } from "#orgs/operator.ts";
import type { Org } from "#orgs/org.ts";
import { findOrg, succeedAuditLog } from "#orgs/store/orgs.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import type { LogAddress } from "./audit-log.ts";
import { currentLog, requireKept } from "./current-log.ts";
import { openSuccessor } from "./recovery.ts";

/** The successor; `conflict` if the log is not frozen. */
export async function recoverLog(
  env: Env,
  { org }: Pick<Org, "org">,
  reason: string,
  by: Operator,
): Promise<LogAddress> {
  // The org is read past the isolate's memory, which may know a log that was succeeded since.
  const current = (await findOrg(env.DIRECTORY, org)) ?? fail({ kind: "not_found" });
  const { auditLog, shard } = current;
  await requireKept(env, current, currentLog(current));
  const { auditDays } = current.retention;
  const terms = { reason, recordedBy: by.actor, auditDays };
  const isOpened = await openSuccessor(env, currentLog(current), terms);
  if (!isOpened) return fail({ kind: "conflict", detail: "The log is not frozen." });
  const deed = {
    org,
    action: "operator.audit.recovered",
    target: `audit://${org}/${auditLog + 1}`,
    details: { reason },
  } as const;
  const action = actionOf(by, deed, Date.now());
  await succeedAuditLog(env.DIRECTORY, { org, auditLog }, action);
  forgetOrg(org);
  if (current.publishesAuditLog) forgetPublishedOrg(org);
  return { org, log: auditLog + 1, shard };
}
