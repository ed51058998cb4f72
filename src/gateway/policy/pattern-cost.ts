/**
 * What the `like` patterns of a policy set may cost. Behind a wildcard Cedar holds a pattern to the text anew at each
 * character: 262,144 characters by a pattern of 4,000 took 5.5 s (measured, 5 ns a pair), in which nobody's calls are
 * decided, for orgs share the engine. So the longer the patterns of a set, the shorter the texts that it is asked about.
 */
import type { PolicySet } from "./policy-set.ts";
import type { InputTerms } from "./typed-input.ts";

/** Pairs of characters: 0.2 s of the engine. */
const PAIRS_MAX = 33_554_432;
/** As many as the values of a call may have in all (typed-input.ts). */
const CHARACTERS_MAX = 262_144;
/** Below this, texts that are no attack would be too long to be decided about. */
const CHARACTERS_MIN = 2_048;
/** To read a text at all takes as long as two pairs a character. */
const READING_WEIGHT = 2;

/** A comment, a string, or the operator: a string that follows one is its pattern. */
const TOKEN = /\/\/[^\n\r]*|"((?:\\[\s\S]|[^"\\])*)"|\blike\b/g;
/** To the first star that is not escaped. */
const BEFORE_WILDCARD = /^(?:\\[\s\S]|[^*\\])*/;

interface TextWeight {
  /** Of all patterns: what each character of a text is held to. */
  patterns: number;
  longestString: number;
}

const known = new WeakMap<object, number>();

/** What of a call the set may be asked about. */
export function inputTerms(set: Pick<PolicySet, "policies" | "reads">): InputTerms {
  const charactersMax = known.get(set) ?? charactersFor(weigh(set.policies).patterns);
  known.set(set, charactersMax);
  return { reads: set.reads, charactersMax };
}

/** What is wrong with the patterns of a text that may be no set; null if nothing is. */
export function refusePatterns(policies: string): string | null {
  const { patterns, longestString } = weigh(policies);
  if (PAIRS_MAX / Math.max(1, patterns) < CHARACTERS_MIN) {
    return `has patterns (like) with more than ${PAIRS_MAX / CHARACTERS_MIN} characters behind their wildcards in all`;
  }
  if (patterns === 0 || longestString <= charactersFor(patterns)) return null;
  return `has a string that is too long for its patterns (like): ${charactersFor(patterns)} characters at most`;
}

function charactersFor(patterns: number): number {
  return Math.min(CHARACTERS_MAX, Math.floor(PAIRS_MAX / Math.max(1, patterns)));
}

function weigh(policies: string): TextWeight {
  const weight: TextWeight = { patterns: 0, longestString: 0 };
  let isPattern = false;
  for (const [token, text] of policies.matchAll(TOKEN)) {
    if (token === "like") isPattern = true;
    if (text === undefined) continue;
    if (isPattern) weight.patterns += READING_WEIGHT + behindWildcard(text);
    else weight.longestString = Math.max(weight.longestString, text.length);
    isPattern = false;
  }
  return weight;
}

/** As written: an escape counts as more than it is. */
function behindWildcard(pattern: string): number {
  const [before = ""] = BEFORE_WILDCARD.exec(pattern) ?? [];
  return Math.max(0, pattern.length - before.length - 1);
}
