/** What a caller may see of a plugin's lists: what it could call or read, whatever the arguments. */

import type { Env } from "#platform/env.ts";
import { nextTurn } from "#platform/slices.ts";
import { askEngine } from "./ask-engine.ts";
import { policyInForce } from "./decide.ts";
import { engineRequest } from "./engine-request.ts";
import { judgement } from "./judgement.ts";
import { inputTerms } from "./pattern-cost.ts";
import { NO_POLICY_SET, type PolicySet } from "./policy-set.ts";
import type { PolicyTarget, Question } from "./question.ts";
import type { InputTerms } from "./typed-input.ts";

/** Names of tools and prompts, URIs of resources, among those of `targets`. `all`: the org has no policy. */
export async function permittedNames(
  env: Env,
  question: Omit<Question, "action" | "target" | "arguments">,
  targets: readonly PolicyTarget[],
): Promise<ReadonlySet<string> | "all"> {
  const set = await policyInForce(env, question.org.org);
  if (set === NO_POLICY_SET) return "all";
  if (set === null) return new Set();
  const permitted = new Set<string>();
  for (const turn of turnsOf(targets, inputTerms(set)).slice(0, TURNS_MAX)) {
    for (const name of await permittedOf(env, question, set, turn)) permitted.add(name);
    await nextTurn();
  }
  return permitted;
}

/** 500 policies that each ask for the resource take 1.2 ms a target, in which nobody else's calls are decided. */
const TARGETS_A_TURN = 64;
/** 1,024 targets, as many as tools are known of a plugin: what lies behind is not asked about, and so not shown. */
const TURNS_MAX = 16;

/** In each turn as many as take no longer than one call may (pattern-cost.ts). */
function turnsOf(
  targets: readonly PolicyTarget[],
  { charactersMax }: InputTerms,
): PolicyTarget[][] {
  const turns: PolicyTarget[][] = [];
  let turn: PolicyTarget[] = [];
  let characters = 0;
  for (const target of targets) {
    const { length } = nameOfTarget(target);
    if (turn.length === TARGETS_A_TURN || characters + length > charactersMax) {
      turns.push(turn);
      [turn, characters] = [[], 0];
    }
    turn.push(target);
    characters += length;
  }
  return [...turns, turn];
}

async function permittedOf(
  env: Env,
  { org: _, ...terms }: Omit<Question, "action" | "target" | "arguments">,
  set: PolicySet,
  targets: readonly PolicyTarget[],
): Promise<string[]> {
  const asked = targets.flatMap((target) => {
    const action = target.kind === "tool" ? "call" : "read";
    const request = engineRequest({ ...terms, action, target }, inputTerms(set));
    return request === null ? [] : [{ name: nameOfTarget(target), request }];
  });
  const requests = asked.map(({ request }) => request);
  const verdicts = await askEngine(env, set, requests);
  const permitted = asked.filter((_one, index) => {
    const verdict = verdicts[index];
    return verdict !== undefined && judgement(verdict, set).isPermitted;
  });
  return permitted.map(({ name }) => name);
}

function nameOfTarget(target: PolicyTarget): string {
  if (target.kind === "plugin") return "";
  return target.kind === "resource" ? target.uri : target.name;
}
