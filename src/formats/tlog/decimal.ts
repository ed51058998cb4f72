/**
 * The integers of the tlog formats: "an ASCII decimal with no leading zeroes (unless it is `0`)",
 * c2sp.org/tlog-checkpoint "Note text", c2sp.org/tlog-proof "Format".
 *
 * The formats go to 2^64. We stop at 2^53 - 1, beyond which a number here is no longer exact: at
 * a million entries a second that is 285 years of one log.
 */
const DECIMAL = /^(?:0|[1-9][0-9]{0,15})$/;

/** Whether the number is one that `parseDecimal` returns. */
export function isDecimal(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Null unless the text is the one of an integer from 0 to 2^53 - 1. */
export function parseDecimal(text: string): number | null {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return isDecimal(value) ? value : null;
}
