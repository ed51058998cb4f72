import { closeOrg, findOrg } from "#orgs/store/orgs.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { logError } from "#platform/log-error.ts";
import { shardDatabase } from "#platform/shards.ts";
import { forgetOrg, forgetPublishedOrg } from "./directory.ts";
import { actionOf, type Operator } from "./operator.ts";
import type { Org } from "./org.ts";
import { orgParts } from "./org-lifecycle.ts";

/** Closes the org at once; its data goes with the next ticks. Returns the org, being deleted. */
export async function deleteOrg(
  env: Env,
  {
    org,
    generation,
    shard,
    publishesAuditLog,
  }: Pick<Org, "org" | "generation" | "shard" | "publishesAuditLog">,
  by: Operator,
): Promise<Org> {
  const deed = {
    org,
    action: "operator.org.deleted",
    target: `org://${org}`,
    details: {},
  } as const;
  const action = actionOf(by, deed, Date.now());
  const shardDb = shardDatabase(env, shard);
  const isClosed = await closeOrg(env.DIRECTORY, shardDb, { org, generation }, action);
  forgetOrg(org);
  if (publishesAuditLog) forgetPublishedOrg(org);
  if (isClosed) await destroyKeysOf(env, org);
  const closed = isClosed ? await findOrg(env.DIRECTORY, org) : null;
  return closed ?? fail({ kind: "not_found" });
}

/** The org is closed: what fails here the cron repeats before it removes anything. */
async function destroyKeysOf(env: Env, org: string): Promise<void> {
  for (const part of orgParts()) {
    await part.destroyKeys?.(env, org).catch((error: unknown) => logError(error, { org }));
  }
}
