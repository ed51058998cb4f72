/**
 * Names out of spans, as an operator is shown them: those that look like names of a convention or a library. Any
 * other may be a value that was put into a name, a key or a person's address, and is not shown.
 */

const PART = "[A-Za-z][A-Za-z0-9_]{0,39}";
const ATTRIBUTE = new RegExp(String.raw`^${PART}(\.${PART})*$`);
const SCOPE = new RegExp(`^@?${PART}([./@-]${PART})*$`);
const ATTRIBUTE_CHARS_MAX = 64;
/** Paths of Go modules have 75. */
const SCOPE_CHARS_MAX = 128;

/** Conventions have few digits; keys and ids have many. */
const ATTRIBUTE_DIGITS_MAX = 2;
const PART_DIGITS_MAX = 2;

/** What stands for all that are not shown. */
export const HIDDEN_NAME = "…";

/** Sorted, each once, with `#` for its digits: those that only a number tells apart are one. */
export function shownAttributes(names: Iterable<string>): string[] {
  const shown = new Set<string>();
  for (const name of names) shown.add(isAttribute(name) ? withoutDigits(name) : HIDDEN_NAME);
  return [...shown].sort();
}

/** Of an instrumentation scope: a module or a package. Empty where it has none. */
export function shownScope(name: string): string {
  if (name === "") return "";
  return isScope(name) ? withoutDigits(name) : HIDDEN_NAME;
}

function isAttribute(name: string): boolean {
  if (name.length > ATTRIBUTE_CHARS_MAX || !ATTRIBUTE.test(name)) return false;
  return digitsIn(name) <= ATTRIBUTE_DIGITS_MAX;
}

function isScope(name: string): boolean {
  if (name.length > SCOPE_CHARS_MAX || !SCOPE.test(name)) return false;
  return name.split(/[./@-]/).every((part) => digitsIn(part) <= PART_DIGITS_MAX);
}

function digitsIn(text: string): number {
  return text.replace(/[^0-9]/g, "").length;
}

function withoutDigits(name: string): string {
  return name.replace(/[0-9]+/g, "#");
}
