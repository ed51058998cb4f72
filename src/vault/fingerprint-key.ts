import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { ExpiringMap } from "#platform/expiring-map.ts";
import { shardDatabase } from "#platform/shards.ts";
import { findNewestDataKey } from "#vault/store/data-key-rows.ts";
import type { KeyedOrg } from "./data-key-purpose.ts";
import { REMEMBERED } from "./data-keys.ts";
import { makeDataKey } from "./make-data-key.ts";
import { openDataKey } from "./open-data-key.ts";

const remembered = new ExpiringMap<Uint8Array>(REMEMBERED);

/** The key of an org's error fingerprints: no query where the isolate remembers it, else one. */
export async function fingerprintKey(env: Env, org: KeyedOrg): Promise<Uint8Array> {
  const name = `${org.org} ${org.generation}`;
  const key = await remembered.getOrLoad(name, Date.now(), async () => {
    const purpose = "error_fingerprint";
    const found = await findNewestDataKey(shardDatabase(env, org.shard), org, purpose);
    const row = found ?? (await makeDataKey(env, org, { purpose, version: 1 })).newest;
    return openDataKey(env, org, row);
  });
  return key ?? fail({ kind: "not_found" });
}
