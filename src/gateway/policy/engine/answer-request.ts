/** One request against the policies that may match it. */
import type { Response, StatefulAuthorizationCall } from "@cedar-policy/cedar-wasm";
import type { EngineRequest, EngineVerdict } from "#gateway/policy/engine-protocol.ts";
import type { CedarInstance } from "./cedar.ts";
import { lookalikeForm } from "./lookalike.ts";
import type { KnownSet, PolicySets } from "./policy-sets.ts";

export interface Answering {
  readonly cedar: CedarInstance;
  readonly sets: PolicySets;
  readonly explains: boolean;
}

/** Never throws. */
export function answerRequest(
  { cedar, sets, explains }: Answering,
  set: KnownSet,
  request: EngineRequest,
): EngineVerdict {
  if (isLookalike(set, request)) return verdict("lookalike");
  try {
    const preparsedPolicySetId = sets.preparedFor(set, request);
    const { principal, action, resource, context, entities } = request;
    const call = { principal, action, resource, context, entities, preparsedPolicySetId };
    const answer = cedar.call(({ statefulIsAuthorized }) =>
      statefulIsAuthorized(call as unknown as StatefulAuthorizationCall),
    );
    return answer.type === "success"
      ? verdictOf(set, answer.response, explains)
      : verdict("failed");
  } catch {
    return verdict("failed");
  }
}

function isLookalike({ namedTools }: KnownSet, { isUnlisted, resource }: EngineRequest): boolean {
  if (!isUnlisted) return false;
  const named = namedTools.get(lookalikeForm(resource.id));
  return named !== undefined && !named.has(resource.id);
}

/** Cedar passes over what it cannot evaluate: of a forbid that would be a permit. */
function verdictOf(
  set: KnownSet,
  { decision, diagnostics }: Response,
  explains: boolean,
): EngineVerdict {
  const errors = diagnostics.errors.map(({ policyId, error }) => ({
    policy: policyId,
    message: explains ? error.message : "",
  }));
  const forbids = errors
    .map(({ policy }) => policy)
    .filter((policy) => set.outlines.get(policy)?.json.effect !== "permit");
  if (forbids.length > 0) return { kind: "failed", policies: forbids.sort(), reasons: [], errors };
  const policies = [...diagnostics.reason].sort();
  const reasons = policies.flatMap((policy) => set.outlines.get(policy)?.reason ?? []);
  const kind = decision === "allow" ? "permit" : policies.length > 0 ? "forbid" : "silent";
  return { kind, policies, reasons, errors };
}

function verdict(kind: EngineVerdict["kind"]): EngineVerdict {
  return { kind, policies: [], reasons: [], errors: [] };
}
