/** A data key's bytes out of its row, and into a new one. */
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import type { WrappedDataKey } from "#vault/store/data-key-rows.ts";
import type { DataKeyPurpose, KeyedOrg } from "./data-key-purpose.ts";
import { deriveFingerprintKey, deriveFormerKey } from "./derive.ts";
import { findWrongKeks, requireKek } from "./kek-check.ts";
import { shareKeeper } from "./key-shares.ts";
import { kekOf, kekSetting } from "./root-keys.ts";
import { unwrapKey, wrapKey } from "./wrapped-key.ts";

const NO_SHARE = new Uint8Array(0);

/** Null where it is destroyed. Fails with `misconfigured` where its key-encryption key is missing, or another. */
export async function openDataKey(
  env: Env,
  org: KeyedOrg,
  { purpose, version, wrapped, kekVersion }: WrappedDataKey,
): Promise<Uint8Array | null> {
  if (wrapped === null || kekVersion === null) return null;
  const kek = kekOf(env, kekVersion);
  if (wrapped.length === 0) {
    // Nothing else tells a wrong key-encryption key from the right one, and what is derived is wrapped for good.
    await requireKek(env, kekVersion);
    return formerKey(kek, purpose, org.org);
  }
  const share = purpose === "payload" ? await shareKeeper().find(env, org, version) : NO_SHARE;
  if (share === null) return null;
  try {
    return await unwrapKey({ kek, share }, { ...org, purpose, version, kekVersion }, wrapped);
  } catch (error) {
    const setting = kekSetting(kekVersion);
    const fault = (await findWrongKeks(env)).find((one) => one.setting === setting);
    if (fault !== undefined) fail(fault);
    throw new Error(`vault: the ${purpose} key ${version} cannot be opened`, { cause: error });
  }
}

/** Null where the share of that version is destroyed. */
export async function wrapDataKey(
  env: Env,
  org: KeyedOrg,
  name: { purpose: DataKeyPurpose; version: number; kekVersion: number },
  key: Uint8Array,
): Promise<Uint8Array | null> {
  const { purpose, version, kekVersion } = name;
  const share = purpose === "payload" ? await shareKeeper().make(env, org, version) : NO_SHARE;
  if (share === null) return null;
  return wrapKey({ kek: kekOf(env, kekVersion), share }, { ...org, ...name }, key);
}

/** Of an org of before there were data keys: what it was derived as. */
async function formerKey(
  kek: Uint8Array,
  purpose: DataKeyPurpose,
  org: string,
): Promise<Uint8Array> {
  if (purpose === "error_fingerprint") return deriveFingerprintKey(kek, org);
  if (purpose === "stream_header") return deriveFormerKey(kek, "streamHeader", org);
  if (purpose === "plugin_header") return deriveFormerKey(kek, "pluginHeader", org);
  throw new Error("vault: no payload was ever sealed by a derived key");
}
