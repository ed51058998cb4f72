/**
 * Where the members of an object, and the items of an array, stand in a text that JSON.parse has taken: what is
 * to be kept byte for byte is cut out and put in there.
 */
import { endOfString } from "#formats/read-json.ts";

export interface TextRange {
  readonly start: number;
  /** Behind the last character. */
  readonly end: number;
}

export interface Member {
  /** Decoded: `"n\u0061me"` is name. */
  readonly name: string;
  /** Of the name's opening quote. */
  readonly start: number;
  readonly valueStart: number;
}

const BACKSLASH = "\\";
const BLANKS = " \t\n\r";
const QUOTE = 0x22;
const COMMA = 0x2c;

/** Of the text's one value. */
export function startOfValue(text: string): number {
  return skipBlanks(text, 0);
}

/** Of the object that begins at `start`, one after the other: who stops early has not gone through the rest. */
export function* membersOf(text: string, start: number): Generator<Member> {
  let at = skipBlanks(text, start + 1);
  while (text[at] !== "}") {
    const member = memberAt(text, at);
    yield member;
    at = nextOf(text, endOfValue(text, member.valueStart));
  }
}

/** Whose name begins at `start`. */
export function memberAt(text: string, start: number): Member {
  const nameEnd = endOfString(text, start) + 1;
  const valueStart = skipBlanks(text, skipBlanks(text, nameEnd) + 1);
  return { name: decoded(text.slice(start, nameEnd)), start, valueStart };
}

/** Of the array that begins at `start`. */
export function itemsOf(text: string, start: number): TextRange[] {
  const items: TextRange[] = [];
  for (let at = skipBlanks(text, start + 1); text[at] !== "]"; at = nextOf(text, at)) {
    items.push({ start: at, end: endOfValue(text, at) });
    at = items.at(-1)!.end;
  }
  return items;
}

function decoded(quoted: string): string {
  return quoted.includes(BACKSLASH) ? JSON.parse(quoted) : quoted.slice(1, -1);
}

/** Behind the comma that follows, or at the closing bracket. */
function nextOf(text: string, end: number): number {
  const at = skipBlanks(text, end);
  return text.charCodeAt(at) === COMMA ? skipBlanks(text, at + 1) : at;
}

function skipBlanks(text: string, start: number): number {
  let at = start;
  while (at < text.length && BLANKS.includes(text[at]!)) at += 1;
  return at;
}

/** Behind the value that begins at `start`. */
export function endOfValue(text: string, start: number): number {
  const code = text.charCodeAt(start);
  if (code === QUOTE) return endOfString(text, start) + 1;
  if (isOpening(code)) return endOfNested(text, start);
  let end = start;
  while (end < text.length && !`,]}${BLANKS}`.includes(text[end]!)) end += 1;
  return end;
}

function endOfNested(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (isOpening(code)) depth += 1;
    else if (isClosing(code)) depth -= 1;
    if (depth === 0) return at + 1;
  }
  return text.length;
}

function isOpening(code: number): boolean {
  return code === 0x5b || code === 0x7b;
}

function isClosing(code: number): boolean {
  return code === 0x5d || code === 0x7d;
}
