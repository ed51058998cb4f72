/** The secrets that every other key derives from. None of them seals or signs anything itself. */
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import type { SettingFault } from "#platform/setting-faults.ts";
import { parseKey, refuseSetting, setting } from "#platform/settings.ts";

type FirstSetting = "MCPG_LEDGER_SEED" | "MCPG_PAYLOAD_KEK";

/** The first version has no number in its name; the second is `…_2`. */
function versionedKeys(env: Env, first: FirstSetting) {
  const later = new RegExp(`^${first}_([2-9]|[1-9]\\d)$`);
  const keys = new Map<number, Uint8Array>();
  if (env[first] !== undefined) keys.set(1, parseKey(first, env[first]));
  for (const [binding, value] of Object.entries(env)) {
    const version = later.exec(binding)?.[1];
    if (version !== undefined) keys.set(Number(version), parseKey(binding, String(value)));
  }
  return keys.size > 0 ? keys : refuseSetting(first, "is not set");
}

function settingName(first: FirstSetting, version: number): string {
  return version === 1 ? first : `${first}_${version}`;
}

/**
 * The ledger's seeds by version: `MCPG_LEDGER_SEED` is 1, `MCPG_LEDGER_SEED_2` is 2.
 * Signing keys derive from them. The first one may go like any other, once a later one is there.
 */
export const ledgerSeeds = setting(
  (env): ReadonlyMap<number, Uint8Array> => versionedKeys(env, "MCPG_LEDGER_SEED"),
);

export function seedSetting(version: number): string {
  return settingName("MCPG_LEDGER_SEED", version);
}

/**
 * The key-encryption keys by version: `MCPG_PAYLOAD_KEK` is 1, `MCPG_PAYLOAD_KEK_2` is 2. They wrap the data keys of
 * orgs, the newest whatever is new; any may go once it wraps none.
 */
export const payloadKeks = setting(
  (env): ReadonlyMap<number, Uint8Array> => versionedKeys(env, "MCPG_PAYLOAD_KEK"),
);

export function kekSetting(version: number): string {
  return settingName("MCPG_PAYLOAD_KEK", version);
}

export function newestKekVersion(env: Env): number {
  return Math.max(...payloadKeks(env).keys());
}

/** Fails with `misconfigured` where that version is not set. */
export function kekOf(env: Env, version: number): Uint8Array {
  return payloadKeks(env).get(version) ?? fail(missingKek(version));
}

export function missingKek(version: number): SettingFault {
  const problem = "is not set, and data keys are wrapped by it";
  return { kind: "misconfigured", setting: kekSetting(version), problem };
}
