/** Calls as CSV, RFC 4180, with the API's own names: https://www.rfc-editor.org/rfc/rfc4180 */
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import { CALL_COLUMNS } from "./call-columns.ts";

const NAMES = CALL_COLUMNS.map(({ name }) => name);

export const CSV_HEADER = `${NAMES.join(",")}\r\n`;

export function csvLine(call: CallAnswer): string {
  return `${NAMES.map((name) => csvField(call[name])).join(",")}\r\n`;
}

/** Signs that begin a formula, their full-width twins too; spreadsheets pass over white space before them. */
const FORMULA = /^(?:[\s\0]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])/;

/**
 * A spreadsheet runs what begins like a formula, and names here are strangers': such a text has an apostrophe before
 * it. Numbers of ours stay as they are, negative ones too.
 */
export function csvField(value: string | number | boolean | null): string {
  if (typeof value !== "string") return value === null ? "" : String(value);
  const isFormula = FORMULA.test(value);
  const text = isFormula ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
