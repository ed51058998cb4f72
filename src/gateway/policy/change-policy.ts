/** Changes what an org's gateway permits, on the record. */

import { findPolicy, replacePolicy } from "#gateway/policy/store/policies.ts";
import { actionOf, type Operator } from "#orgs/operator.ts";
import type { Org } from "#orgs/org.ts";
import { drainNow } from "#orgs/outbox.ts";
import type { Env } from "#platform/env.ts";
import { ERRORS_MAX, fail, type PolicyFault } from "#platform/errors.ts";
import {
  policyEngine,
  type SchemaTool,
  type TextCheck,
  type TextFault,
  type ToolReach,
} from "./engine-protocol.ts";
import { pluginEntity, workspaceEntity } from "./entity-ids.ts";
import { forgetPolicy } from "./policy-of-org.ts";
import { type DefaultEffect, NO_POLICY_SET, type PolicySet, policyHash } from "./policy-set.ts";
import { positionOf } from "./text-position.ts";
import { toolSource } from "./tool-source.ts";

export interface ChangedPolicy {
  readonly set: PolicySet;
  readonly ids: readonly string[];
  readonly warnings: readonly PolicyFault[];
}

/** Fails with `invalid_policy`, and with `conflict` where the policy was changed meanwhile. */
export async function changePolicy(
  env: Env,
  org: Org,
  asked: { policies: string; default: DefaultEffect },
  by: Operator & { requestId: string },
): Promise<ChangedPolicy> {
  const { set: before, version } = await findPolicy(env.DIRECTORY, org.org);
  const { ids, reads, warnings } = await soundPolicies(env, org, asked.policies);
  const hash = policyHash(asked.policies, asked.default);
  const changed = {
    set: { ...asked, hash, reads },
    ids,
    warnings: warnings.map((one) => faultIn(asked.policies, one)),
  };
  if (before?.hash === hash) return changed;
  const deed = {
    org: org.org,
    action: "operator.policy.updated",
    target: `policy://${org.org}`,
    details: {
      policy_set: hash,
      policy_set_before: before?.hash ?? NO_POLICY_SET,
      default: asked.default,
    },
  } as const;
  const change = { set: changed.set, fromVersion: version };
  const isChanged = await replacePolicy(
    env.DIRECTORY,
    org.org,
    change,
    actionOf(by, deed, Date.now()),
  );
  if (!isChanged) {
    fail({ kind: "conflict", detail: "The policy was changed meanwhile; read it again." });
  }
  forgetPolicy(org.org);
  await drainNow(env, org, by.requestId);
  return changed;
}

type SoundText = Extract<TextCheck, { kind: "sound" }>;

async function soundPolicies(env: Env, org: Org, policies: string): Promise<SoundText> {
  if (policies.trim() === "") return { kind: "sound", ids: [], reads: "none", warnings: [] };
  const engine = policyEngine(env);
  const first = await engine.check(policies, null);
  const check =
    first.kind === "needs_tools"
      ? await engine.check(policies, await reachedTools(env, org, first.reaches))
      : first;
  if (check.kind === "sound") return check;
  const faults = check.kind === "refused" ? check.faults : [];
  const errors = faults.slice(0, ERRORS_MAX).map((fault) => faultIn(policies, fault));
  return fail({ kind: "invalid_policy", errors });
}

/** An org may have a thousand tools a plugin: those that no policy can speak of stay here. */
async function reachedTools(
  env: Env,
  org: Org,
  reaches: readonly ToolReach[],
): Promise<readonly SchemaTool[]> {
  const tools = await toolSource().schemaTools(env, org);
  return tools.filter(({ workspace, plugin }) => {
    const [workspaceId, pluginId] = [
      workspaceEntity(workspace).id,
      pluginEntity(workspace, plugin).id,
    ];
    return reaches.some(
      (reach) =>
        (reach.workspaceId ?? workspaceId) === workspaceId &&
        (reach.pluginId ?? pluginId) === pluginId,
    );
  });
}

function faultIn(text: string, { message, help, policy, start, end }: TextFault): PolicyFault {
  const position = start === null ? null : { ...positionOf(text, start), offset: start, end };
  return {
    pointer: "/policies",
    message,
    ...(help !== null && { help }),
    ...(policy !== null && { policy_id: policy }),
    ...(position !== null && {
      line: position.line,
      column: position.column,
      offset: position.offset,
      end_offset: position.end ?? position.offset,
    }),
  };
}
