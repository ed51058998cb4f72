/**
 * The part of RFC 9535 (JSONPath) that names places: `$`, `.name`, `['name']`, `[3]`, `[*]`, `.*` and, before a name
 * or `*`, `..`. Filters, slices, unions, functions and indexes from the end are refused: of those a walk that takes
 * each value once can say nothing, and the regular expressions of functions would be a stranger's to write.
 * https://www.rfc-editor.org/rfc/rfc9535
 */

export interface PathSegment {
  /** Applies at any depth below. */
  readonly descends: boolean;
  /** A member's name, an item's index, or anything. */
  readonly selects: string | number | null;
}

export const PATH_LENGTH_MAX = 512;
/** What a value costs to be walked is in proportion to both, and to the paths that apply: see path-states.ts. */
const SEGMENTS_MAX = 16;
const DESCENDING_MAX = 2;

const SHORTHAND = /(\.\.?)([A-Za-z_\u0080-\u{10ffff}][A-Za-z0-9_\u0080-\u{10ffff}]*|\*)/uy;
const BRACKETED =
  /(\.\.)?\[[ \t\n\r]*(?:(\*)|(0|[1-9]\d{0,14})|"((?:[^"\\\p{Cc}]|\\(?:[bfnrt/\\"]|u[0-9A-Fa-f]{4}))*)"|'((?:[^'\\\p{Cc}]|\\(?:[bfnrt/\\']|u[0-9A-Fa-f]{4}))*)')[ \t\n\r]*\]/uy;

/** The path's segments, or what is wrong with it. */
export function parseJsonPath(path: string): PathSegment[] | string {
  if (!path.startsWith("$")) return "must begin with $";
  if (path.length > PATH_LENGTH_MAX) return `must not exceed ${PATH_LENGTH_MAX} characters`;
  const segments: PathSegment[] = [];
  for (let at = 1; at < path.length; ) {
    const read = shorthandAt(path, at) ?? bracketedAt(path, at);
    if (read === null) return `is not understood from character ${at} on`;
    segments.push(read.segment);
    at = read.end;
  }
  if (segments.length > SEGMENTS_MAX) return `must not have more than ${SEGMENTS_MAX} segments`;
  const descending = segments.filter(({ descends }) => descends).length;
  return descending > DESCENDING_MAX ? `must not have more than ${DESCENDING_MAX} of ..` : segments;
}

interface ReadSegment {
  segment: PathSegment;
  end: number;
}

function shorthandAt(path: string, at: number): ReadSegment | null {
  SHORTHAND.lastIndex = at;
  const match = SHORTHAND.exec(path);
  if (match === null) return null;
  const [, dots, name = ""] = match;
  const selects = name === "*" ? null : name;
  return { segment: { descends: dots === "..", selects }, end: SHORTHAND.lastIndex };
}

function bracketedAt(path: string, at: number): ReadSegment | null {
  BRACKETED.lastIndex = at;
  const match = BRACKETED.exec(path);
  if (match === null) return null;
  const [, dots, , index, double, single] = match;
  const selects = index !== undefined ? Number(index) : nameOf(double, single);
  // Half of a pair is no character, and no name that JSON can have.
  if (typeof selects === "string" && !selects.isWellFormed()) return null;
  return { segment: { descends: dots !== undefined, selects }, end: BRACKETED.lastIndex };
}

/** Between double quotes a name is escaped as in JSON, between single ones but for the quotes. */
function nameOf(double: string | undefined, single: string | undefined): string | null {
  if (double !== undefined) return JSON.parse(`"${double}"`);
  if (single === undefined) return null;
  return JSON.parse(`"${single.replaceAll("\\'", "'").replaceAll('"', '\\"')}"`);
}
