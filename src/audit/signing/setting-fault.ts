/** What may be wrong with the settings that logs are signed by. Told by name and in our own words, never by value. */
import type { SettingFault } from "#platform/setting-faults.ts";
import { seedSetting } from "#vault/root-keys.ts";

export function wrongSeed(version: number): SettingFault {
  const problem = "is not the one that logs were signed with";
  return { kind: "misconfigured", setting: seedSetting(version), problem };
}

export function missingSeed(version: number): SettingFault {
  const problem = "is not set, and logs were signed with it";
  return { kind: "misconfigured", setting: seedSetting(version), problem };
}

export const ORIGIN_SETTING = "MCPG_ORIGIN";

export function wrongOrigin(): SettingFault {
  const problem = "is not the host name that logs were signed under";
  return { kind: "misconfigured", setting: ORIGIN_SETTING, problem };
}
