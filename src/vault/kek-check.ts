/**
 * Whether a key-encryption key is the one that data keys were wrapped by. Each version is known again by a value that
 * the directory keeps from when it first wraps one: a wrong key wraps nothing, and is told by its setting's name.
 */
import { encodeHex } from "#formats/hex.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import type { SettingFault } from "#platform/setting-faults.ts";
import { findKeptKeks, keepKek } from "#vault/store/kek-rows.ts";
import { deriveKekCheck } from "./derive.ts";
import { kekOf, kekSetting, payloadKeks } from "./root-keys.ts";

/** Check values that the directory was seen to keep: for good, for they never change. */
const kept = new Map<number, string>();

/** Called before anything is wrapped by it: a query where the isolate does not know the version yet. */
export async function requireKek(env: Env, version: number): Promise<void> {
  const own = checkValueOf(env, version);
  if (kept.get(version) === own) return;
  const first = await keepKek(env.DIRECTORY, version, own, Date.now());
  if (first !== own) return fail(wrongKek(version));
  kept.set(version, own);
}

/** Of those that are set. */
export async function findWrongKeks(env: Env): Promise<SettingFault[]> {
  const checkValues = await findKeptKeks(env.DIRECTORY);
  const wrong = [...payloadKeks(env).keys()].filter((version) => {
    const first = checkValues.get(version);
    return first !== undefined && first !== checkValueOf(env, version);
  });
  return wrong.map(wrongKek);
}

function wrongKek(version: number): SettingFault {
  const problem = "is not the one that data keys were wrapped by";
  return { kind: "misconfigured", setting: kekSetting(version), problem };
}

function checkValueOf(env: Env, version: number): string {
  return encodeHex(deriveKekCheck(kekOf(env, version), version));
}
