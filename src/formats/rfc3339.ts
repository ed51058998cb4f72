/**
 * Timestamps, RFC 3339 §5.6. https://www.rfc-editor.org/rfc/rfc3339#section-5.6
 *
 *   2026-11-22T07:41:32.123Z      what we write
 *   2026-11-22t08:41:32.1234+01:00   what we also read: any offset, any fraction (cut to ms)
 *
 * What parses can be written again: years 0000 to 9999 in UTC. There is no `Date` here because it
 * takes what the RFC does not (30 February, a date without a time) and this is the hot path.
 */
const MS_PER_DAY = 86_400_000;
const MS_PER_MINUTE = 60_000;
const DAYS_PER_ERA = 146_097; // 400 Gregorian years
const EPOCH_DAY = 719_468; // 1970-01-01 counted from 0000-03-01
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const TIME_MIN_MS = daysFromCivil(0, 1, 1) * MS_PER_DAY;
const TIME_MAX_MS = daysFromCivil(10_000, 1, 1) * MS_PER_DAY - 1;
const TWO_DIGITS = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, "0"));

/** Milliseconds since 1970 of a date-time, or of a number that already is; else undefined. */
export function parseTimestampMs(value: string | number): number | undefined {
  const isText = typeof value === "string";
  const ms = isText ? parseDateTime(value) : value;
  const isTime = Number.isSafeInteger(ms) && ms >= (isText ? TIME_MIN_MS : 0) && ms <= TIME_MAX_MS;
  return isTime ? ms : undefined;
}

/** The time in UTC with milliseconds; its text order is the order of the times. */
export function formatTimestamp(ms: number): string {
  if (!(Number.isInteger(ms) && ms >= TIME_MIN_MS && ms <= TIME_MAX_MS)) {
    throw new RangeError(`a timestamp is whole milliseconds of the years 0 to 9999, got ${ms}`);
  }
  const days = Math.floor(ms / MS_PER_DAY);
  const { year, month, day } = civilFromDays(days);
  const msOfDay = ms - days * MS_PER_DAY;
  const seconds = Math.floor(msOfDay / 1000);
  const century = Math.floor(year / 100);
  const date = `${two(century)}${two(year - century * 100)}-${two(month)}-${two(day)}`;
  const time = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}`;
  return `${date}T${time}:${two(seconds % 60)}.${String(msOfDay % 1000).padStart(3, "0")}Z`;
}

/**
 * NaN stands for "not a date-time": a character that is no digit makes its number NaN, every sum
 * with it NaN, and every comparison with it false.
 */
function parseDateTime(text: string): number {
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  if (!(hasSeparators(text) && isDate(year, month, day))) return Number.NaN;
  if (!(hour <= 23 && minute <= 59 && second <= 60)) return Number.NaN;
  const fractionEnd = endOfFraction(text, 19);
  const utcMinutes = hour * 60 + minute - offsetMinutes(text, fractionEnd);
  const minuteMs = daysFromCivil(year, month, day) * MS_PER_DAY + utcMinutes * MS_PER_MINUTE;
  const ms = minuteMs + second * 1000 + fractionMs(text, 20, fractionEnd);
  return second < 60 || isMonthStart(minuteMs + MS_PER_MINUTE) ? ms : Number.NaN;
}

/**
 * RFC 3339 §5.7: second 60 exists only as the last of a UTC month. As in POSIX time it is then the
 * first second of the next one: refusing it would lose the samples of a true second.
 */
function isMonthStart(ms: number): boolean {
  return ms % MS_PER_DAY === 0 && civilFromDays(ms / MS_PER_DAY).day === 1;
}

function hasSeparators(text: string): boolean {
  const t = text[10];
  const date = text[4] === "-" && text[7] === "-" && (t === "T" || t === "t");
  return date && text[13] === ":" && text[16] === ":";
}

function isDate(year: number, month: number, day: number): boolean {
  const isLeapDay = month === 2 && day === 29;
  if (isLeapDay) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day >= 1 && day <= (DAYS_IN_MONTH[month - 1] ?? 0);
}

function digits(text: string, from: number, length: number): number {
  let value = 0;
  for (let at = from; at < from + length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Where the fraction ends, its dot at `at`; `at` itself when there is none. */
function endOfFraction(text: string, at: number): number {
  if (text[at] !== ".") return at;
  let end = at + 1;
  while (text.charCodeAt(end) >= 48 && text.charCodeAt(end) <= 57) end += 1;
  return end;
}

/** The first three digits of a fraction; a dot without a digit is NaN. */
function fractionMs(text: string, from: number, end: number): number {
  if (end < from) return 0;
  if (end === from) return Number.NaN;
  const length = Math.min(end - from, 3);
  return digits(text, from, length) * 10 ** (3 - length);
}

/** Minutes to take off to reach UTC. `-00:00` (§4.3, the local offset is not known) is UTC too. */
function offsetMinutes(text: string, at: number): number {
  const sign = text[at];
  if (sign === "Z" || sign === "z") return text.length === at + 1 ? 0 : Number.NaN;
  if ((sign !== "+" && sign !== "-") || text[at + 3] !== ":") return Number.NaN;
  const hours = digits(text, at + 1, 2);
  const minutes = digits(text, at + 4, 2);
  if (!(hours <= 23 && minutes <= 59 && text.length === at + 6)) return Number.NaN;
  return (sign === "-" ? -1 : 1) * (hours * 60 + minutes);
}

/**
 * Days since 1970. Years are counted from March, so that a leap day ends one and a month's first
 * day is a linear function of its number: https://howardhinnant.github.io/date_algorithms.html
 */
function daysFromCivil(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  return era * DAYS_PER_ERA + yearOfEra * 365 + leapDays + dayOfYear - EPOCH_DAY;
}

function civilFromDays(days: number): { year: number; month: number; day: number } {
  const era = Math.floor((days + EPOCH_DAY) / DAYS_PER_ERA);
  const dayOfEra = days + EPOCH_DAY - era * DAYS_PER_ERA;
  const leapDays =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear =
    dayOfEra - (yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return {
    year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
  };
}

function two(n: number): string {
  return TWO_DIGITS[n]!;
}
