/**
 * A policy for arguments that are not known: none could be read, or there is no call yet. Whatever it asks of them is
 * answered in its favour or against it, everything else stays as it is. So a forbid that the arguments might have
 * met denies a call whose arguments cannot be read, and a permit that they would have had to meet permits none;
 * of a list only what no arguments could have permitted is taken out.
 */
import type { Clause, PolicyJson } from "@cedar-policy/cedar-wasm";
import type { Reading } from "#gateway/policy/engine-protocol.ts";
import { type Expression, readsInput } from "./policy-expression.ts";

export function approximated(policy: PolicyJson, reading: Exclude<Reading, "exact">): PolicyJson {
  const isLikely = (policy.effect === "forbid") === (reading === "strictest");
  const conditions = policy.conditions.map(({ kind, body }) => {
    // `unless` is met where its body is not.
    const bound = boundOf(body as Expression, kind === "when" ? isLikely : !isLikely);
    return { kind, body: bound } as unknown as Clause;
  });
  return { ...policy, conditions };
}

/** True wherever the expression may be (`isUpper`), or only where it is for certain. */
function boundOf(expression: Expression, isUpper: boolean): Expression {
  if (!readsInput(expression)) return expression;
  const [operator = "", operands] = Object.entries(expression)[0] ?? [];
  const { left, right, arg } = (operands ?? {}) as Readonly<Record<string, Expression>>;
  if (operator === "&&" || operator === "||") {
    return joined(operator, boundOf(left!, isUpper), boundOf(right!, isUpper));
  }
  if (operator === "!") return { "!": { arg: boundOf(arg!, !isUpper) } };
  if (operator === "if-then-else") return boundOfChoice(operands as Choice, isUpper);
  return { Value: isUpper };
}

type Choice = Readonly<Record<"if" | "then" | "else", Expression>>;

function boundOfChoice(choice: Choice, isUpper: boolean): Expression {
  const [yes, no] = [boundOf(choice.then, isUpper), boundOf(choice.else, isUpper)];
  if (readsInput(choice.if)) return joined(isUpper ? "||" : "&&", yes, no);
  // biome-ignore lint/suspicious/noThenProperty: Cedar's name for it, and nobody awaits an expression
  return { "if-then-else": { if: choice.if, then: yes, else: no } };
}

function joined(operator: "&&" | "||", left: Expression, right: Expression): Expression {
  return { [operator]: { left, right } };
}
