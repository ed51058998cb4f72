/**
 * What gateways may say of a call, a read or a prompt, and what came of it: an action and an outcome that
 * contradict each other would be read both ways. Other actions are their reporters' own.
 */
import type { ValidationError } from "#platform/errors.ts";
import type { AuditOutcome } from "./audit-event-schema.ts";

/** By the action's last part. */
const OUTCOMES: Readonly<Record<string, readonly AuditOutcome[]>> = {
  allowed: ["allowed"],
  allowed_with_obligations: ["allowed"],
  denied: ["denied"],
  access_denied: ["denied"],
  challenged: ["deferred"],
  completed: ["allowed", "error"],
  unknown: ["error"],
};

/** Cedar's and other gateways' words for the same decisions. */
const SYNONYMS: Readonly<Record<string, string>> = {
  permit: "allowed",
  deny: "denied",
  with_obligations: "allowed_with_obligations",
  "with-obligations": "allowed_with_obligations",
};

const CALL = "tool.call.";
/** Prefixes whose actions end in a word of the table. */
const DECIDED = [CALL, "resource.read.", "prompt.get."];

/** The action as it is recorded: one fact has one name. */
export function normaliseAction(action: string): string {
  const word = wordOf(action, CALL);
  const synonym = word !== null && Object.hasOwn(SYNONYMS, word) ? SYNONYMS[word] : undefined;
  return synonym === undefined ? action : CALL + synonym;
}

/** What is wrong with a reported action, or with the outcome beside it; else null. */
export function actionError(
  { action: reported, outcome }: { action: string; outcome: AuditOutcome },
  pointer: string,
): ValidationError | null {
  const action = normaliseAction(reported);
  const prefix = DECIDED.find((one) => action.startsWith(one));
  if (prefix === undefined) return null;
  const word = wordOf(action, prefix) ?? "";
  const outcomes = Object.hasOwn(OUTCOMES, word) ? OUTCOMES[word] : undefined;
  if (outcomes === undefined) {
    const known = Object.keys(OUTCOMES).join(", ");
    return { pointer: `${pointer}/action`, message: `must be ${prefix} and one of ${known}` };
  }
  if (outcomes.includes(outcome)) return null;
  const message = `must be ${outcomes.join(" or ")} where the action is ${prefix}${word}`;
  return { pointer: `${pointer}/outcome`, message };
}

function wordOf(action: string, prefix: string): string | null {
  return action.startsWith(prefix) ? action.slice(prefix.length) : null;
}

/** True for what decided a call; what only asked for more, or told of its end, did not. */
export function isCallDecision(action: string): boolean {
  return /^tool\.call\.(allowed|denied|allowed_with_obligations|access_denied)$/.test(action);
}
