/** Whether logs can be signed with the deployment's settings, for who looks after all of them. */
import type { Env } from "#platform/env.ts";
import type { SettingFault } from "#platform/setting-faults.ts";
import { findOriginFault } from "./origin-check.ts";
import { findSeedFaults } from "./seed-check.ts";

/** As of 5 s ago at most. */
export async function findSigningFaults(env: Env): Promise<SettingFault[]> {
  const [seeds, origin] = await Promise.all([findSeedFaults(env), findOriginFault(env)]);
  return [...seeds.values(), ...(origin === null ? [] : [origin])];
}
