/**
 * Canonical JSON, RFC 8785, for values without numbers and arrays: the text whose bytes the ledger
 * hashes. https://www.rfc-editor.org/rfc/rfc8785
 *
 *   { b: { d: null, c: "é" }, a: true }   →   {"a":true,"b":{"c":"é","d":null}}
 *
 * It is also the form of MCP SEP-3004 §2.3 (strings, booleans, null), and with ASCII keys what any
 * JSON library writes when told to sort keys and to leave out white space: canonical forms fall
 * apart over numbers and over the order of keys outside ASCII, and we have neither.
 *
 * Nothing is normalized (RFC 8785 §3.1): NFC is for the place where an entry comes in.
 */
export type CanonicalValue = string | boolean | null | CanonicalObject;

export interface CanonicalObject {
  readonly [key: string]: CanonicalValue;
}

/** An entry has two levels of objects or three; a bound makes a cycle an error like any other. */
const DEPTH_MAX = 8;

/**
 * ASCII text that needs no escape, as nearly all of an entry does: writing it as it is
 * saves a quarter of the time.
 */
const PLAIN_TEXT = /^[ !#-[\]-~]*$/;

/** The canonical text. A value that has none is a TypeError, never left out or turned into null. */
export function canonicalJson(value: CanonicalValue): string {
  return writeValue(value, 0);
}

/**
 * The object that the text states, or null unless the text is exactly its canonical form: so no key twice,
 * none out of order, no white space, no escape that need not be. Text of bytes must have been decoded with
 * `fatal` and `ignoreBOM`, or it may not be the text of those bytes.
 */
export function parseCanonicalJson(text: string): CanonicalObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isPlainObject(value) && writeValue(value, 0) === text
      ? (value as CanonicalObject)
      : null;
  } catch {
    return null;
  }
}

/**
 * `depth` counts the objects around the value. Types are checked, not trusted: what is written gets signed.
 */
function writeValue(value: unknown, depth: number): string {
  if (typeof value === "string") return writeText(value);
  if (value === null) return "null";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (isPlainObject(value)) return writeObject(value, depth + 1);
  throw new TypeError(`canonical JSON takes text, booleans, null and objects, got ${kind(value)}`);
}

/** RFC 8785 §3.2.3: keys in the order of their UTF-16 code units, which is how `sort` compares. */
function writeObject(object: Readonly<Record<string, unknown>>, depth: number): string {
  if (depth > DEPTH_MAX) throw new TypeError(`canonical JSON nests at most ${DEPTH_MAX} objects`);
  let text = "";
  for (const key of Object.keys(object).sort()) {
    text += `${text === "" ? "{" : ","}${writeText(key)}:${writeValue(object[key], depth)}`;
  }
  return text === "" ? "{}" : `${text}}`;
}

/**
 * ECMA-262 `JSON.stringify` escapes as RFC 8785 §3.2.2.2 demands, except that a lone surrogate,
 * which UTF-8 cannot hold and the RFC refuses, becomes an escape.
 */
function writeText(text: string): string {
  if (PLAIN_TEXT.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new TypeError("canonical JSON holds no lone surrogate");
  return JSON.stringify(text);
}

/** A Date, a Map or a byte array would be written as what its own keys are: mostly `{}`. */
function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function kind(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object of a class" : typeof value;
}
