/** What a caller may see of a plugin's lists: what it could call or read, whatever the arguments. */
import type { Env } from "#platform/env.ts";
import { askEngine } from "./ask-engine.ts";
import { policyInForce } from "./decide.ts";
import { engineRequest } from "./engine-request.ts";
import { judgement } from "./judgement.ts";
import { NO_POLICY_SET } from "./policy-set.ts";
import type { PolicyTarget, Question } from "./question.ts";

/** Names of tools and prompts, URIs of resources, among those of `targets`. `all`: the org has no policy. */
export async function permittedNames(
  env: Env,
  question: Omit<Question, "action" | "target" | "arguments">,
  targets: readonly PolicyTarget[],
): Promise<ReadonlySet<string> | "all"> {
  const set = await policyInForce(env, question.org.org);
  if (set === NO_POLICY_SET) return "all";
  if (set === null) return new Set();
  const { org: _, ...terms } = question;
  const asked = targets.flatMap((target) => {
    const action = target.kind === "tool" ? "call" : "read";
    const request = engineRequest({ ...terms, action, target }, set.reads);
    return request === null ? [] : [{ name: nameOfTarget(target), request }];
  });
  const verdicts = await askEngine(
    env,
    set,
    asked.map(({ request }) => request),
  );
  const permitted = asked.filter((_one, index) => {
    const verdict = verdicts[index];
    return verdict !== undefined && judgement(verdict, set).isPermitted;
  });
  return new Set(permitted.map(({ name }) => name));
}

function nameOfTarget(target: PolicyTarget): string {
  if (target.kind === "plugin") return "";
  return target.kind === "resource" ? target.uri : target.name;
}
