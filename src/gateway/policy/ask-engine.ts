import type { Env } from "#platform/env.ts";
import { type EngineRequest, type EngineVerdict, policyEngine } from "./engine-protocol.ts";
import { FAILED, SILENT } from "./judgement.ts";
import type { PolicySet } from "./policy-set.ts";

/**
 * A verdict for each request. The text is sent where the engine's isolate does not know the set yet. An engine that
 * is not there, or throws, has failed: its error may quote arguments, and goes nowhere.
 */
export async function askEngine(
  env: Env,
  { hash, policies }: PolicySet,
  requests: readonly EngineRequest[],
  { explains = false } = {},
): Promise<readonly EngineVerdict[]> {
  // No policy, nothing to load.
  if (policies.trim() === "") return requests.map(() => SILENT);
  try {
    const engine = policyEngine(env);
    const question = { hash, policies: null, requests, explains };
    const known = await engine.answer(question);
    const verdicts = known ?? (await engine.answer({ ...question, policies }));
    return requests.map((_, index) => verdicts?.[index] ?? FAILED);
  } catch {
    return requests.map(() => FAILED);
  }
}
