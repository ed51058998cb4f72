import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { ExpiringMap } from "#platform/expiring-map.ts";
import type { KeyedOrg } from "./data-key-purpose.ts";
import { REMEMBERED } from "./data-keys.ts";
import { newestOrFirst } from "./make-data-key.ts";
import { openDataKey } from "./open-data-key.ts";

const remembered = new ExpiringMap<Uint8Array>(REMEMBERED);

/** The key of an org's error fingerprints: no query where the isolate remembers it, else one. */
export async function fingerprintKey(env: Env, org: KeyedOrg): Promise<Uint8Array> {
  const name = `${org.org} ${org.generation}`;
  const key = await remembered.getOrLoad(name, Date.now(), async () => {
    return openDataKey(env, org, await newestOrFirst(env, org, "error_fingerprint"));
  });
  return key ?? fail({ kind: "not_found" });
}
