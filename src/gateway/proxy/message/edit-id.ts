import { membersOf, wholeValue } from "./json-members.ts";

/** The message with another id, every other byte as it came. One without an id is left as it is. */
export function withId(text: string, idText: string): string {
  const id = membersOf(text, wholeValue(text).start).findLast(({ name }) => name === "id");
  if (id === undefined) return text;
  return `${text.slice(0, id.value.start)}${idText}${text.slice(id.value.end)}`;
}
