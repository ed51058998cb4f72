/** What is wrong with a deployment's settings, for who looks after it: told by name, never by value. */
import type { Env } from "./env.ts";
import { type Failure, FailureError, fail } from "./errors.ts";
import { logError } from "./log-error.ts";

export type SettingFault = Extract<Failure, { kind: "misconfigured" }>;

/** `/readyz` is anyone's to ask, so what it asks for is seen anew in so long. */
export const LOOK_AGAIN_MS = 5_000;

/** For `/readyz`: fails with the first of what is wrong. */
export function probeSettings(findFaults: (env: Env) => Promise<SettingFault[]>) {
  return async (env: Env): Promise<void> => {
    const [first] = await findFaults(env);
    if (first !== undefined) fail(first);
  };
}

/** For each tick: one line for each setting that is wrong, and how many are. */
export function logFaults(faults: readonly SettingFault[]): number {
  for (const fault of faults) logError(new FailureError(fault), { job: "tick" });
  return faults.length;
}
