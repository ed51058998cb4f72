/**
 * Lists: `limit` (default 100, at most 1,000) and an opaque `cursor`, the position of the last item
 * of the page before. A cursor holds keys and no page number, so that a list stays stable while
 * others insert; and it holds no authority: the org always comes from the path.
 */
import { integerOr, type Parameter, Refusal } from "./parameters.ts";

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;

export const limit = integerOr("Items a page", {
  min: 1,
  max: LIMIT_MAX,
  absent: LIMIT_DEFAULT,
  what: `an integer from 1 to ${LIMIT_MAX}`,
});

interface PartTypes {
  string: string;
  number: number;
}
type PartType = keyof PartTypes;
type Position<Shape extends readonly PartType[]> = {
  -readonly [Index in keyof Shape]: PartTypes[Shape[Index]];
};

/** A list's cursors: `list` and `shape` keep another list's cursor from being taken for its own. */
export interface CursorFormat<Shape extends readonly PartType[]> {
  list: string;
  shape: Shape;
}

export function cursorFormat<const Shape extends readonly PartType[]>(
  list: string,
  shape: Shape,
): CursorFormat<Shape> {
  return { list, shape };
}

export function encodeCursor<Shape extends readonly PartType[]>(
  format: CursorFormat<Shape>,
  position: Position<Shape>,
): string {
  const bytes = new TextEncoder().encode(JSON.stringify([format.list, ...position]));
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The position, or null for the first page. Accepts exactly what `encodeCursor` gives, else 400. */
export function cursor<Shape extends readonly PartType[]>(
  format: CursorFormat<Shape>,
): Parameter<Position<Shape> | null> {
  return {
    description: "`next_cursor` of the page before",
    schema: { type: "string" },
    absent: null,
    parse: (text) => decodeCursor(format, text),
  };
}

function decodeCursor<Shape extends readonly PartType[]>(
  format: CursorFormat<Shape>,
  text: string,
): Position<Shape> | Refusal {
  const [list, ...position] = parseCursor(text);
  const fits =
    list === format.list &&
    position.length === format.shape.length &&
    format.shape.every((type, index) => typeof position[index] === type);
  if (fits && encodeCursor(format, position as Position<Shape>) === text) {
    return position as Position<Shape>;
  }
  return new Refusal("is not a cursor of this list");
}

function parseCursor(cursor: string): unknown[] {
  try {
    const binary = atob(cursor.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const parsed: unknown = JSON.parse(
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes),
    );
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}

/**
 * One page out of `limit + 1` rows: the row too many tells that there is another page, without a
 * second query and without an empty last page.
 */
export function pageOf<Row, Shape extends readonly PartType[]>(
  rows: readonly Row[],
  limit: number,
  format: CursorFormat<Shape>,
  positionOf: (row: Row) => Position<Shape>,
): { items: Row[]; nextCursor: string | null } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items, nextCursor: more ? encodeCursor(format, positionOf(last)) : null };
}
