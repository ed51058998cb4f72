/** What is done to an org's data keys, as its ledger tells it. */
import { actionOf, type Operator } from "#orgs/operator.ts";
import { insertOperatorActions, type OperatorAction } from "#orgs/store/operator-actions.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase } from "#platform/shards.ts";
import type { DataKeyPurpose, KeyedOrg } from "#vault/data-key-purpose.ts";
import { findUntoldKeys, markToldKeys } from "#vault/store/key-lives.ts";

export interface KeyDeed {
  readonly verb: "rotated" | "destroyed";
  readonly purpose: DataKeyPurpose;
  readonly version: number;
  readonly reason: string;
}

/** Kept in the key's own row, in the transaction of the deed: that is another database than the outbox. */
export function keyEntry(
  { org }: Pick<KeyedOrg, "org">,
  { verb, purpose, version, reason }: KeyDeed,
  by: Operator,
  nowMs: number,
): string {
  const target = `key://${purpose}/${version}`;
  const details = { purpose, version: String(version), reason };
  const deed = { org, action: `operator.data_key.${verb}`, target, details } as const;
  return JSON.stringify(actionOf(by, deed, nowMs));
}

/** As many as a report may have events. */
const ENTRIES_MAX = 256;
/** Of `tellKeyEntries`. */
export const TELL_QUERIES = 3;

/** Brings them to the outbox. Idempotent: the ledger knows an entry by its id. */
export async function tellKeyEntries(env: Env, org: KeyedOrg): Promise<void> {
  const db = shardDatabase(env, org.shard);
  const untold = await findUntoldKeys(db, org, ENTRIES_MAX);
  if (untold.length === 0) return;
  const actions = untold.map(({ entry }): OperatorAction => JSON.parse(entry));
  await insertOperatorActions(env.DIRECTORY, actions);
  await markToldKeys(db, org, untold);
}
