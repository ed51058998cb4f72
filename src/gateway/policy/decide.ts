/** Whether a caller may do what it asks for. Whatever fails denies. */
import type { Env } from "#platform/env.ts";
import { logError } from "#platform/log-error.ts";
import { askEngine } from "./ask-engine.ts";
import { engineRequest } from "./engine-request.ts";
import { FAILED, judgement } from "./judgement.ts";
import { inputTerms } from "./pattern-cost.ts";
import { policyOf } from "./policy-of-org.ts";
import { NO_POLICY_SET, type PolicySet } from "./policy-set.ts";
import type { PolicyDecision, Question } from "./question.ts";

export async function decide(env: Env, question: Question): Promise<PolicyDecision> {
  const set = await policyInForce(env, question.org.org);
  if (set === null) return unreadPolicy;
  if (set === NO_POLICY_SET) return withoutPolicy;
  const request = engineRequest(question, inputTerms(set));
  if (request === null) return judgement(FAILED, set);
  const [verdict = FAILED] = await askEngine(env, set, [request]);
  return judgement(verdict, set);
}

/** Null where it cannot be read. */
export async function policyInForce(
  env: Env,
  org: string,
): Promise<PolicySet | typeof NO_POLICY_SET | null> {
  try {
    return await policyOf(env, org);
  } catch (error) {
    logError(error, { org });
    return null;
  }
}

const withoutPolicy: PolicyDecision = {
  isPermitted: true,
  policySet: NO_POLICY_SET,
  policies: [],
  reason: "no_policy_set",
};

const unreadPolicy: PolicyDecision = {
  isPermitted: false,
  policySet: "unknown",
  policies: [],
  reason: "policy_unavailable",
};
