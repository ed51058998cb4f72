/**
 * Texts that readers do not read alike, though each is a JSON string: half a surrogate pair, which becomes U+FFFD
 * in Go and an exception in others (Cedar throws); NUL in a name, where readers in C stop; and the name
 * `__proto__`, whose members some JavaScript takes for the object's own once it is copied.
 *
 * The first two can be written as an escape only: the bytes were UTF-8, and JSON has no control characters in
 * strings.
 */
import type { JsonMembers } from "./request-meta.ts";

export type UnsafeText = "lone_surrogate" | "nul" | "prototype_key";

const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;
/** A NUL, `__proto__` as it is, or with its first letter escaped or others behind it. */
const NAME_SUSPICION = /\\u0000|__proto__|\\u00(?:5[fF]|[67][0-9a-fA-F])/;

/** `value` is what JSON.parse read of the text: it is gone through only where the text has what may be one. */
export function unsafeTextIn(text: string, value: unknown): UnsafeText | null {
  if (!text.includes("\\u") && !text.includes("__proto__")) return null;
  if (SURROGATE_ESCAPE.test(text) && hasLoneSurrogate(value)) return "lone_surrogate";
  return NAME_SUSPICION.test(text) ? unsafeName(value) : null;
}

/**
 * Nested at most as deep as a text that was measured: it ends. By name: to list the values of an object with 300,000
 * members takes three times as long.
 */
function hasLoneSurrogate(value: unknown): boolean {
  if (typeof value === "string") return !value.isWellFormed();
  if (typeof value !== "object" || value === null) return false;
  return Object.keys(value).some(
    (name) => !name.isWellFormed() || hasLoneSurrogate((value as JsonMembers)[name]),
  );
}

/** Names of members at any depth, and the texts by which the protocol names what is called or read. */
function unsafeName(value: unknown): "nul" | "prototype_key" | null {
  if (typeof value !== "object" || value === null) return null;
  for (const name of Object.keys(value)) {
    const member = (value as JsonMembers)[name];
    const unsafe = unsafeMember(name, member) ?? unsafeName(member);
    if (unsafe !== null) return unsafe;
  }
  return null;
}

function unsafeMember(name: string, member: unknown): "nul" | "prototype_key" | null {
  if (name === "__proto__") return "prototype_key";
  return name.includes("\0") || (NAMING.has(name) && hasNul(member)) ? "nul" : null;
}

const NAMING: ReadonlySet<string> = new Set(["method", "name", "uri", "taskId"]);

function hasNul(member: unknown): boolean {
  return typeof member === "string" && member.includes("\0");
}
