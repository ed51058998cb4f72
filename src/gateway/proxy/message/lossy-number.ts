/**
 * Numbers of JSON that JSON.parse does not keep: what is read is another number than the one written. Readers
 * differ on them (Python has integers of any size, Go refuses 1e400, some keep the sign of -0), so that a rule
 * about what was read here might permit what the upstream reads otherwise.
 */
import { endOfString } from "#formats/read-json.ts";
import { atOnce, type Stepwise } from "#platform/slices.ts";
import type { RpcMessage } from "./judge-body.ts";

/** Every decimal of so many significant digits is found again in the double that it becomes (DBL_DIG), */
const SAFE_DIGITS = 15;
/** unless it is out of the doubles' normal range, 10^-307 to 10^308. */
const SAFE_EXPONENT = 290;

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

const QUOTE = 0x22;
const MINUS = 0x2d;
const ZERO = 0x30;

/** So many that are long take some 10 ms: 0.5 to 1.5 µs each. */
const LONG_A_STEP = 10_000;

export function hasLossyNumbers(message: Pick<RpcMessage, "text">): boolean {
  return atOnce(lossyNumbersIn(message));
}

/**
 * Asked only where somebody decides about numbers: it takes as long as JSON.parse, and some six times that over long
 * fractions, 0.3 s of the longest body, in steps.
 */
export function* lossyNumbersIn({ text }: Pick<RpcMessage, "text">): Stepwise<boolean> {
  let long = 0;
  for (const number of longNumbersIn(text)) {
    if (isLossy(number)) return true;
    long += 1;
    if (long % LONG_A_STEP === 0) yield;
  }
  return false;
}

/** Those that may be lossy. */
function* longNumbersIn(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    if (!startsNumber(code)) continue;
    const end = endOfNumber(text, at);
    if (!isShort(text, at, end)) yield text.slice(at, end);
    at = end;
  }
}

function startsNumber(code: number): boolean {
  return code === MINUS || (code >= ZERO && code <= 0x39);
}

/** Behind the last of `+-.0123456789Ee`. */
function endOfNumber(text: string, start: number): number {
  let end = start + 1;
  while (isOfNumber(text.charCodeAt(end))) end += 1;
  return end;
}

function isOfNumber(code: number): boolean {
  return startsNumber(code) || code === 0x2e || isExponent(code) || code === 0x2b;
}

function isExponent(code: number): boolean {
  return code === 0x45 || code === 0x65;
}

function isLossy(written: string): boolean {
  const read = String(Number(written));
  return written !== read && normalised(written) !== normalised(read);
}

/** So short that it is kept. A zero behind a minus sign may be -0, which is read as 0 by many. */
function isShort(text: string, start: number, end: number): boolean {
  if (text.charCodeAt(start) === MINUS && text.charCodeAt(start + 1) === ZERO) return false;
  let mantissaEnd = start;
  while (mantissaEnd < end && !isExponent(text.charCodeAt(mantissaEnd))) mantissaEnd += 1;
  if (mantissaEnd - start > SAFE_DIGITS) return false;
  return Math.abs(Number(text.slice(mantissaEnd + 1, end))) <= SAFE_EXPONENT;
}

/** Sign, significant digits and the exponent of the last: one text for each number. Null for Infinity and NaN. */
function normalised(number: string): string | null {
  const [, sign, whole = "", fraction = "", exponent = "0"] = NUMBER.exec(number) ?? [];
  if (sign === undefined) return null;
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = withoutZerosBehind(digits);
  if (significant === "") return `${sign}0`;
  const last = Number(exponent) - fraction.length + (digits.length - significant.length);
  return `${sign}${significant}e${last}`;
}

/** By hand: /0+$/ takes quadratic time over many zeros before another digit. */
function withoutZerosBehind(digits: string): string {
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === ZERO) end -= 1;
  return digits.slice(0, end);
}
