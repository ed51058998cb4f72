/**
 * Where the policies of a text begin and end, and how deep what they say is nested, found without Cedar: its parser,
 * validator and evaluator recurse, and overrun their stack at 80 nested lists, 100 members of members, 150
 * conditions joined by `&&` (measured, each in an instance of its own).
 */

export interface PolicyRange {
  /** UTF-16. */
  readonly start: number;
  readonly end: number;
  /** No path through the policy's expression tree is longer; a bracket counts twice. */
  readonly depth: number;
  /** Words, strings, numbers and characters between them. */
  readonly tokens: number;
}

/** Half of what broke first. */
export const POLICY_DEPTH_MAX = 64;

/** A string, a comment (to either line end), a word, what joins two expressions, or one character. */
const TOKEN =
  /"(?:\\[\s\S]|[^"\\])*"?|\/\/[^\n\r]*|\s+|[A-Za-z_][A-Za-z0-9_]*|\d+|::|&&|\|\||[=!<>]=|[\s\S]/g;

/** A set of 5,000: one of 20,000 keeps the engine for 0.7 s (measured), and a policy cannot be cut. */
export const POLICY_TOKENS_MAX = 10_000;

/** What joins expressions side by side: as many as there are may lie one within the other. */
const JOINS = new Set(
  ["&&", "||", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*"].concat([
    "if",
    "then",
    "else",
    "in",
    "has",
    "like",
    "is",
    "when",
    "unless",
    "permit",
    "forbid",
    "@",
  ]),
);

/** One pair of brackets, as far as it was read. */
interface Level {
  joins: number;
  /** Of the operand that is being read: members of members, negations, what is in brackets. */
  operand: number;
  deepestOperand: number;
  /** Of what stood before the last comma. */
  deepest: number;
}

/** One range for each policy, and one for what is left behind the last `;`, if anything is. */
export function policyRanges(text: string): PolicyRange[] {
  const ranges: PolicyRange[] = [];
  let start = -1;
  let end = 0;
  let nesting = new Nesting();
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token.startsWith("//") || token.trim() === "") continue;
    if (start === -1) start = index;
    end = index + token.length;
    if (!nesting.take(token)) continue;
    ranges.push({ start, end, depth: nesting.depth, tokens: nesting.tokens });
    start = -1;
    nesting = new Nesting();
  }
  return start === -1
    ? ranges
    : [...ranges, { start, end, depth: nesting.depth, tokens: nesting.tokens }];
}

class Nesting {
  readonly #outer: Level[] = [];
  #level = newLevel();
  #depthSeen = 0;
  tokens = 0;

  get depth(): number {
    return Math.max(this.#depthSeen, depthOf(this.#level));
  }

  /** True at the end of a policy. */
  take(token: string): boolean {
    this.tokens += 1;
    if (token === ";") return this.#outer.length === 0;
    if (token === "(" || token === "[" || token === "{") this.#open();
    else if (token === ")" || token === "]" || token === "}") this.#close();
    else if (token === ",") this.#level = { ...newLevel(), deepest: depthOf(this.#level) };
    else if (JOINS.has(token)) this.#join();
    else if (token === "." || token === "!") this.#lengthen(1);
    return false;
  }

  #open(): void {
    this.#outer.push(this.#level);
    this.#level = newLevel();
    this.#depthSeen = Math.max(this.#depthSeen, 2 * this.#outer.length);
  }

  #close(): void {
    const inner = depthOf(this.#level);
    this.#level = this.#outer.pop() ?? newLevel();
    this.#lengthen(2 + inner);
  }

  #lengthen(by: number): void {
    this.#level.operand += by;
    this.#level.deepestOperand = Math.max(this.#level.deepestOperand, this.#level.operand);
  }

  #join(): void {
    this.#level.joins += 1;
    this.#level.operand = 0;
  }
}

function newLevel(): Level {
  return { joins: 0, operand: 0, deepestOperand: 0, deepest: 0 };
}

function depthOf({ joins, deepestOperand, deepest }: Level): number {
  return Math.max(deepest, joins + deepestOperand);
}
