/** Answers with something taken out of them, every other byte as it came: numbers keep their text. */
import { endOfValue, itemsOf, membersOf, startOfValue, type TextRange } from "./json-members.ts";

/** The text without those items of the array at `path` that are not kept, by their place. A text that has no such array is left. */
export function withoutItems(
  text: string,
  path: readonly string[],
  isKept: (index: number) => boolean,
): string {
  const array = rangeAt(text, path);
  if (array === null || text[array.start] !== "[") return text;
  const kept = itemsOf(text, array.start)
    .filter((_item, index) => isKept(index))
    .map(({ start, end }) => text.slice(start, end));
  return `${text.slice(0, array.start)}[${kept.join(",")}]${text.slice(array.end)}`;
}

/**
 * The text with `result.cacheScope` "private": what one reader may see is not to be shown to another (2026-07-28,
 * basic/patterns/caching). `isCacheable`: the version has such hints, and an answer without any gets one.
 */
export function withPrivateScope(text: string, isCacheable: boolean): string {
  const result = rangeAt(text, ["result"]);
  if (result === null || text[result.start] !== "{") return text;
  const members = [...membersOf(text, result.start)];
  const scope = members.findLast(({ name }) => name === "cacheScope");
  if (scope !== undefined) {
    const { valueStart } = scope;
    return `${text.slice(0, valueStart)}"private"${text.slice(endOfValue(text, valueStart))}`;
  }
  if (!isCacheable) return text;
  const rest = text.slice(result.start + 1);
  return `${text.slice(0, result.start)}{"cacheScope":"private"${members.length === 0 ? "" : ","}${rest}`;
}

/** Where the value at `path` stands; null where there is none. */
export function rangeAt(text: string, path: readonly string[]): TextRange | null {
  let start = startOfValue(text);
  for (const name of path) {
    if (text[start] !== "{") return null;
    // Of members of one name JSON.parse, and with it every client, takes the last.
    const member = [...membersOf(text, start)].findLast((one) => one.name === name);
    if (member === undefined) return null;
    start = member.valueStart;
  }
  return { start, end: endOfValue(text, start) };
}
