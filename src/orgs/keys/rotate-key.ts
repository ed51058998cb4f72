/** The next version of an org's data key. What was sealed with earlier ones opens as it did. */
import type { Operator } from "#orgs/operator.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { shardDatabase } from "#platform/shards.ts";
import type { KeyedOrg, SealingPurpose } from "#vault/data-key-purpose.ts";
import { forgetNewestDataKey } from "#vault/data-keys.ts";
import { makeDataKey } from "#vault/make-data-key.ts";
import { findKeyStates } from "#vault/store/key-counts.ts";
import { keyEntry, tellKeyEntries } from "./key-entries.ts";

/** Each is a row, a share and an entry, and is to be wrapped anew with each key-encryption key. */
const VERSIONS_MAX = 64;

/** Of calls at once one makes the next version, and all are answered with it. */
export async function rotateKey(
  env: Env,
  org: KeyedOrg,
  { purpose, reason }: { purpose: SealingPurpose; reason: string },
  by: Operator,
): Promise<void> {
  const states = await findKeyStates(shardDatabase(env, org.shard), org.org);
  const own = states.filter((state) => state.purpose === purpose);
  if (own.filter(({ destroyedAtMs }) => destroyedAtMs === null).length >= VERSIONS_MAX) {
    const detail = `There are ${VERSIONS_MAX} versions of the key, as many as there may be: destroy earlier ones.`;
    fail({ kind: "conflict", detail });
  }
  const version = (own.at(-1)?.version ?? 0) + 1;
  const entry = keyEntry(org, { verb: "rotated", purpose, version, reason }, by, Date.now());
  await makeDataKey(env, org, { purpose, version }, entry);
  forgetNewestDataKey(org, purpose);
  await tellKeyEntries(env, org);
}
