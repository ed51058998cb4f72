import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { shardDatabase } from "#platform/shards.ts";
import { findNewestDataKey } from "#vault/store/data-key-rows.ts";
import type { KeyedOrg } from "./data-key-purpose.ts";
import { makeDataKey } from "./make-data-key.ts";
import { openDataKey } from "./open-data-key.ts";

/** An isolate serves few orgs, and a key is 32 bytes. It never changes, so it is remembered for good. */
const FINGERPRINT_KEYS_MAX = 1_000;
const fingerprintKeys = new Map<string, Uint8Array>();

/** The key of an org's error fingerprints: a query where the isolate does not know it. */
export async function fingerprintKey(env: Env, org: KeyedOrg): Promise<Uint8Array> {
  const name = `${org.org} ${org.generation}`;
  const known = fingerprintKeys.get(name);
  if (known !== undefined) return known;
  const purpose = "error_fingerprint";
  const found = await findNewestDataKey(shardDatabase(env, org.shard), org, purpose);
  const row = found ?? (await makeDataKey(env, org, { purpose, version: 1 })).newest;
  const key = (await openDataKey(env, org, row)) ?? fail({ kind: "not_found" });
  if (fingerprintKeys.size >= FINGERPRINT_KEYS_MAX) fingerprintKeys.clear();
  fingerprintKeys.set(name, key);
  return key;
}
