/**
 * The keys that an org's values are sealed with. An isolate remembers opened ones for five minutes, and so finds the
 * newest again after a rotation elsewhere: until then it seals with the one before, which opens as it did.
 */
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { ExpiringMap } from "#platform/expiring-map.ts";
import { shardDatabase } from "#platform/shards.ts";
import { MINUTE_MS } from "#platform/time.ts";
import { findDataKey, type WrappedDataKey } from "#vault/store/data-key-rows.ts";
import type { KeyedOrg, SealingPurpose } from "./data-key-purpose.ts";
import { newestOrFirst } from "./make-data-key.ts";
import { openDataKey } from "./open-data-key.ts";
import type { VersionedKey } from "./seal.ts";

export const REMEMBERED_MS = 5 * MINUTE_MS;
/** As many as orgs (src/orgs/directory.ts), at a few hundred bytes each. */
export const REMEMBERED = { ttlMs: REMEMBERED_MS, entriesMax: 4_096 };
const newest = new ExpiringMap<VersionedKey>(REMEMBERED);
const opened = new ExpiringMap<VersionedKey>(REMEMBERED);

/**
 * What is to be sealed with now, made where there is none yet: no query where the isolate remembers it, else one, and
 * for a payload's a call to the org's ledger. Fails with `not_found` where the org is gone.
 */
export async function newestDataKey(
  env: Env,
  org: KeyedOrg,
  purpose: SealingPurpose,
): Promise<VersionedKey> {
  const key = await newest.getOrLoad(nameOf(org, purpose), Date.now(), async () => {
    const row = await newestOrFirst(env, org, purpose);
    const name = nameOf(org, purpose, row.version);
    return opened.getOrLoad(name, Date.now(), () => importedKey(env, org, row));
  });
  return key ?? fail({ kind: "not_found" });
}

/** What a value of that version opens with; null where it is destroyed, or never was. */
export function dataKeyOf(
  env: Env,
  org: KeyedOrg,
  purpose: SealingPurpose,
  version: number,
): Promise<VersionedKey | null> {
  return opened.getOrLoad(nameOf(org, purpose, version), Date.now(), async () => {
    const row = await findDataKey(shardDatabase(env, org.shard), org, { purpose, version });
    return row === null ? null : importedKey(env, org, row);
  });
}

/** Where a key was rotated, the next one is in use at once. */
export function forgetNewestDataKey(org: KeyedOrg, purpose: SealingPurpose): void {
  newest.evict(nameOf(org, purpose));
}

/** Where one was destroyed, nothing opens with it from now on. */
export function forgetDataKey(org: KeyedOrg, purpose: SealingPurpose, version: number): void {
  opened.evict(nameOf(org, purpose, version));
}

async function importedKey(
  env: Env,
  org: KeyedOrg,
  row: WrappedDataKey,
): Promise<VersionedKey | null> {
  const bytes = await openDataKey(env, org, row);
  if (bytes === null) return null;
  const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  return { version: row.version, key };
}

function nameOf({ org, generation }: KeyedOrg, purpose: SealingPurpose, version?: number): string {
  return [org, generation, purpose, ...(version === undefined ? [] : [version])].join(" ");
}
