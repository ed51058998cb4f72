/**
 * The JSON Canonicalization Scheme, RFC 8785, for any JSON value: one text, and so one hash, for values that
 * are the same however they were written. https://www.rfc-editor.org/rfc/rfc8785
 *
 * What the ledger hashes is narrower (canonical-json.ts). This is for others' JSON, so whatever has no
 * canonical form is an answer and no error.
 */
export type JcsRefusal = "too_deep" | "lone_surrogate" | "not_json";

export type JcsText = { text: string } | { refusal: JcsRefusal };

class Refused {
  readonly refusal: JcsRefusal;

  constructor(refusal: JcsRefusal) {
    this.refusal = refusal;
  }
}

/** `depthMax`: how many objects and arrays may lie within each other; it ends a cycle too. */
export function jcs(value: unknown, depthMax: number): JcsText {
  try {
    return { text: written(value, depthMax) };
  } catch (error) {
    if (error instanceof Refused) return { refusal: error.refusal };
    throw error;
  }
}

function written(value: unknown, depthLeft: number): string {
  switch (typeof value) {
    case "string":
      return writtenText(value);
    case "boolean":
      return String(value);
    case "number":
      return writtenNumber(value);
    case "object":
      return value === null ? "null" : container(value, depthLeft - 1);
    default:
      throw new Refused("not_json");
  }
}

/** RFC 8785 §3.2.2.3 is how ECMA-262 writes a number; -0 is 0. */
function writtenNumber(value: number): string {
  if (!Number.isFinite(value)) throw new Refused("not_json");
  return JSON.stringify(value);
}

/** Escaped as RFC 8785 §3.2.2.2 demands; a lone surrogate has no UTF-8 form, and `stringify` would escape it. */
function writtenText(text: string): string {
  if (!text.isWellFormed()) throw new Refused("lone_surrogate");
  return JSON.stringify(text);
}

function container(value: object, depthLeft: number): string {
  if (depthLeft < 0) throw new Refused("too_deep");
  if (Array.isArray(value)) return `[${value.map((item) => written(item, depthLeft)).join(",")}]`;
  const members = value as Readonly<Record<string, unknown>>;
  // §3.2.3: names in the order of their UTF-16 code units, which is how `sort` compares.
  const texts = Object.keys(members)
    .sort()
    .map((name) => `${writtenText(name)}:${written(members[name], depthLeft)}`);
  return `{${texts.join(",")}}`;
}
