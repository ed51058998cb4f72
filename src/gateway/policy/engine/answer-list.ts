/** Many requests of one caller, as of a list: those that no policy can tell apart are evaluated once. */
import type { EngineRequest, EngineVerdict } from "#gateway/policy/engine-protocol.ts";
import { type AnswerTerms, answerRequest } from "./answer-request.ts";
import type { KnownSet } from "./policy-sets.ts";

export function answerList(
  answering: AnswerTerms,
  set: KnownSet,
  requests: readonly EngineRequest[],
): EngineVerdict[] {
  const verdicts = new Map<string, EngineVerdict>();
  return requests.map((request) => {
    const likeness = requests.length > 1 ? likenessOf(set, request) : null;
    const known = likeness === null ? undefined : verdicts.get(likeness);
    const verdict = known ?? answerRequest(answering, set, request);
    if (likeness !== null) verdicts.set(likeness, verdict);
    return verdict;
  });
}

/** Null: there is none like it. A tool that no list has may look like one that is named. */
function likenessOf(set: KnownSet, request: EngineRequest): string | null {
  const { principal, action, resource, context, entities, reading, isUnlisted } = request;
  if (isUnlisted || set.readsResource) return null;
  if (set.namedIds.has(resource.id) || set.namedIds.has(action.id)) return null;
  const [caller] = entities;
  const kind = action.id === resource.id ? "own" : action.id;
  return JSON.stringify([
    principal,
    caller,
    context,
    reading,
    request.pluginId,
    kind,
    resource.type,
  ]);
}
