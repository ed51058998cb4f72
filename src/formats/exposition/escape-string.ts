/**
 * Escaping inside exposition lines. Everything else, carriage return and U+2028 included, stands
 * as it is: both formats end a line at LF only.
 */
const QUOTED_ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", '"': '\\"' };

/**
 * Escapes label values in both text formats, and HELP in OpenMetrics (OpenMetrics 1.0 "ABNF",
 * `escaped-string`; exposition_formats "Text-based format"). Testing first keeps the usual value, which has
 * nothing to escape, free of a copy.
 */
export function escapeQuoted(text: string): string {
  return /[\\\n"]/.test(text) ? text.replace(/[\\\n"]/g, (char) => QUOTED_ESCAPES[char]!) : text;
}

/**
 * Escapes HELP in text 0.0.4. A quote stays bare, because that format's parser would show
 * `\"` with the backslash.
 */
export function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, (char) => QUOTED_ESCAPES[char]!);
}
