/** What the engine's verdict means for a call. */
import type { EngineVerdict } from "./engine-protocol.ts";
import type { DefaultEffect } from "./policy-set.ts";
import type { Decision } from "./question.ts";

/** Stable words of `reason`, where no policy gives one of its own. */
const WORDS = {
  permit: "permitted_by_policy",
  forbid: "forbidden_by_policy",
  lookalike: "name_lookalike",
  failed: "evaluation_failed",
} as const;

/** A failure denies, whatever the default. */
export function judgement(
  { kind, policies, reasons }: EngineVerdict,
  { hash, default: defaultEffect }: { hash: string; default: DefaultEffect },
): Decision {
  if (kind === "silent") {
    const isPermitted = defaultEffect === "permit";
    return {
      isPermitted,
      policySet: hash,
      policies: [],
      reason: isPermitted ? "permitted_by_default" : "no_policy_permits",
    };
  }
  const own = kind === "permit" || kind === "forbid" ? reasons[0] : undefined;
  return { isPermitted: kind === "permit", policySet: hash, policies, reason: own ?? WORDS[kind] };
}

export const FAILED: EngineVerdict = { kind: "failed", policies: [], reasons: [], errors: [] };
/** No policy says anything. */
export const SILENT: EngineVerdict = { kind: "silent", policies: [], reasons: [], errors: [] };
