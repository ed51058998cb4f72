/** What policy would say to a call, and why: nothing is called, and nothing recorded. */
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { askEngine } from "./ask-engine.ts";
import { policyInForce } from "./decide.ts";
import type { EngineVerdict } from "./engine-protocol.ts";
import { engineRequest } from "./engine-request.ts";
import { FAILED, judgement, SILENT } from "./judgement.ts";
import { inputTerms } from "./pattern-cost.ts";
import { NO_POLICY_SET } from "./policy-set.ts";
import type { PolicyDecision } from "./question.ts";
import { toolSource } from "./tool-source.ts";

export interface SupposedCall {
  readonly principal: string;
  readonly groups: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly tokenId: string | null;
  readonly clientId: string | null;
  readonly workspace: string;
  readonly plugin: string;
  readonly tool: string;
  readonly arguments: unknown;
}

export interface ExplainedDecision extends PolicyDecision {
  readonly reasons: readonly string[];
  /** The texts may quote the asker's own arguments. */
  readonly errors: EngineVerdict["errors"];
}

export async function checkCall(
  env: Env,
  org: Org,
  call: SupposedCall,
): Promise<ExplainedDecision> {
  const set = await policyInForce(env, org.org);
  if (set === null) return fail({ kind: "unavailable", retryAfterSeconds: 1 });
  if (set === NO_POLICY_SET) {
    const none = judgement(SILENT, { hash: NO_POLICY_SET, default: "permit" });
    return { ...none, reason: "no_policy_set", reasons: ["no_policy_set"], errors: [] };
  }
  const { principal, groups, tags, tokenId, clientId, workspace, plugin, tool } = call;
  const known = await toolSource().findTool(env, org, { workspace, plugin, tool });
  const terms = {
    caller: { actor: principal, groups, tags, tokenId, clientId },
    workspace,
    plugin,
    nowMs: Date.now(),
    version: null,
    action: "call" as const,
    target: { kind: "tool" as const, name: tool, tool: known },
    arguments: call.arguments,
  };
  const request = engineRequest(terms, inputTerms(set));
  const asked = request === null ? [] : [request];
  const [verdict = FAILED] = await askEngine(env, set, asked, { explains: true });
  const decision = judgement(verdict, set);
  const { reasons } = verdict;
  return {
    ...decision,
    reasons: reasons.length > 0 ? reasons : [decision.reason],
    errors: verdict.errors,
  };
}
