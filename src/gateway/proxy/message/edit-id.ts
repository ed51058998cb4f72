/** Messages under another id, every other byte as it came. One without an id is left as it is. */
import { rangeAt } from "./cut-items.ts";

export function withId(text: string, idText: string): string {
  return replaced(text, ["id"], idText);
}

/** Of a cancellation: the id of the request that is cancelled. */
export function withRequestId(text: string, idText: string): string {
  return replaced(text, ["params", "requestId"], idText);
}

function replaced(text: string, path: readonly string[], value: string): string {
  const range = rangeAt(text, path);
  return range === null ? text : `${text.slice(0, range.start)}${value}${text.slice(range.end)}`;
}
