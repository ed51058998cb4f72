/** A new data key of an org: its first, or the next version. Creators at once agree on one. */
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { shardDatabase } from "#platform/shards.ts";
import {
  findNewestDataKey,
  insertDataKey,
  type WrappedDataKey,
} from "#vault/store/data-key-rows.ts";
import type { DataKeyPurpose, KeyedOrg } from "./data-key-purpose.ts";
import { requireKek } from "./kek-check.ts";
import { wrapDataKey } from "./open-data-key.ts";
import { newestKekVersion } from "./root-keys.ts";

const KEY_BYTES = 32;

export interface MadeDataKey {
  /** The newest one, whoever made it. */
  readonly newest: WrappedDataKey;
  readonly isOurs: boolean;
}

/** The newest of a purpose, made where there is none yet: one query where there is. */
export async function newestOrFirst(
  env: Env,
  org: KeyedOrg,
  purpose: DataKeyPurpose,
): Promise<WrappedDataKey> {
  const found = await findNewestDataKey(shardDatabase(env, org.shard), org, purpose);
  return found ?? (await makeDataKey(env, org, { purpose, version: 1 })).newest;
}

/** Fails with `not_found` where the org is gone. */
export async function makeDataKey(
  env: Env,
  org: KeyedOrg,
  { purpose, version }: { purpose: DataKeyPurpose; version: number },
  entry: string | null = null,
): Promise<MadeDataKey> {
  const kekVersion = newestKekVersion(env);
  await requireKek(env, kekVersion);
  const key = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const wrapped = await wrapDataKey(env, org, { purpose, version, kekVersion }, key);
  // Shares are destroyed with their org, or below the newest version.
  if (wrapped === null) return fail({ kind: "not_found" });
  const row = { purpose, version, wrapped, kekVersion, createdAtMs: Date.now(), entry };
  const { newest, isOurs } = await insertDataKey(shardDatabase(env, org.shard), org, row);
  return newest === null ? fail({ kind: "not_found" }) : { newest, isOurs };
}
