/**
 * Texts that readers do not read alike, though each is a JSON string: half a surrogate pair, which becomes U+FFFD
 * in Go and an exception in others (Cedar throws), and NUL in a name, where readers in C stop.
 *
 * Both can be written as an escape only: the bytes were UTF-8, and JSON has no control characters in strings.
 */

export type UnsafeText = "lone_surrogate" | "nul";

const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;
const NUL_ESCAPE = "\\u0000";

/** `value` is what JSON.parse read of the text: it is gone through only where the text has one of the escapes. */
export function unsafeTextIn(text: string, value: unknown): UnsafeText | null {
  if (!text.includes("\\u")) return null;
  if (SURROGATE_ESCAPE.test(text) && hasLoneSurrogate(value)) return "lone_surrogate";
  return text.includes(NUL_ESCAPE) && hasNulInName(value) ? "nul" : null;
}

/** Nested at most as deep as a text that was measured: it ends. */
function hasLoneSurrogate(value: unknown): boolean {
  if (typeof value === "string") return !value.isWellFormed();
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(
    ([name, member]) => !name.isWellFormed() || hasLoneSurrogate(member),
  );
}

/** Names of members at any depth, and the texts by which the protocol names what is called or read. */
function hasNulInName(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(
    ([name, member]) =>
      name.includes("\0") ||
      (NAMING.has(name) && typeof member === "string" && member.includes("\0")) ||
      hasNulInName(member),
  );
}

const NAMING: ReadonlySet<string> = new Set(["method", "name", "uri", "taskId"]);
