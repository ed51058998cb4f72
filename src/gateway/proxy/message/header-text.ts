/**
 * Values of `Mcp-Name` and `Mcp-Param-*`: as they are, or `=?base64?…?=` of their UTF-8 where a field value
 * cannot hold them (2026-07-28, streamable-http §Value Encoding; SEP-2243).
 */
import { decodeBase64, encodeBase64 } from "#formats/base64.ts";

/** Lower case, exactly. What lacks either end is meant as it stands. */
const PREFIX = "=?base64?";
const SUFFIX = "?=";

/** RFC 9110 §5.5: what is to arrive as it is. */
const VISIBLE = /^[\t\x20-\x7e]*$/;
const BLANK_AT_AN_END = /^[ \t]|[ \t]$/;

/** Values that are longer are refused before they are decoded; front servers take 8 KiB a header. */
export const HEADER_LENGTH_MAX = 8192;

/** An empty value is encoded too, as the SDKs do: some servers drop a header without one. */
export function encodeHeaderText(text: string): string {
  const isPlain =
    text !== "" && VISIBLE.test(text) && !BLANK_AT_AN_END.test(text) && !isEncoded(text);
  return isPlain ? text : `${PREFIX}${encodeBase64(new TextEncoder().encode(text))}${SUFFIX}`;
}

/** Null where it has characters that a value cannot have, is too long, or its Base64 or UTF-8 is not strict. */
export function decodeHeaderText(value: string): string | null {
  if (value.length > HEADER_LENGTH_MAX || !VISIBLE.test(value)) return null;
  if (!isEncoded(value)) return value;
  const bytes = decodeBase64(value.slice(PREFIX.length, -SUFFIX.length));
  return bytes === null ? null : decodeStrictly(bytes);
}

/** The ends may not share the question mark: `=?base64?=` is a plain value. */
function isEncoded(value: string): boolean {
  return (
    value.length >= PREFIX.length + SUFFIX.length &&
    value.startsWith(PREFIX) &&
    value.endsWith(SUFFIX)
  );
}

function decodeStrictly(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
