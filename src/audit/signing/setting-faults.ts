/** Whether logs can be signed with the deployment's settings, for who looks after all of them. */
import type { Env } from "#platform/env.ts";
import { FailureError, fail } from "#platform/errors.ts";
import { logError } from "#platform/log-error.ts";
import { findOriginFault } from "./origin-check.ts";
import { findSeedFaults } from "./seed-check.ts";
import type { SettingFault } from "./setting-fault.ts";

/** As of 5 s ago at most. */
async function findSettingFaults(env: Env): Promise<SettingFault[]> {
  const [seeds, origin] = await Promise.all([findSeedFaults(env), findOriginFault(env)]);
  return [...seeds.values(), ...(origin === null ? [] : [origin])];
}

/** For `/readyz`: fails with the first of what is wrong. */
export async function probeSigningSettings(env: Env): Promise<void> {
  const [first] = await findSettingFaults(env);
  if (first !== undefined) fail(first);
}

/** For each tick: one line for each setting that is wrong, and how many are. */
export async function logSettingFaults(env: Env): Promise<number> {
  const faults = await findSettingFaults(env);
  for (const fault of faults) logError(new FailureError(fault), { job: "tick" });
  return faults.length;
}
