/**
 * Texts in JSON Schema patterns (ECMA-262, flag u). Characters are spelled out: `\p{…}` is unknown to most
 * of the languages that clients are generated in.
 */

/** Control characters (SEP-3004), and lone surrogates, which have no UTF-8 form: to stand within brackets. */
export const UNPRINTABLE = "\\u0000-\\u001f\\u007f-\\u009f\\ud800-\\udfff";

export const PRINTABLE_TEXT = `^[^${UNPRINTABLE}]*$`;

/**
 * Text that may hold line ends and tabs. NUL would end a SQLite string early: the text would be
 * stored as something else.
 */
export const STORABLE_TEXT = "^[^\\u0000\\ud800-\\udfff]*$";
