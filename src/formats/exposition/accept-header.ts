/**
 * Weighted lists of RFC 9110 §12.4.2 and §12.5: `Accept` and `Accept-Encoding`.
 *
 *     application/openmetrics-text;version=1.0.0, text/plain;version="0.0.4";q=0.5, text/*;q=0.1
 */

/**
 * `name` and the names of parameters are lower-cased, values are not. `quality` is the parameter `q`, which
 * `parameters` does not hold.
 */
export interface WeightedItem {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/**
 * Prometheus 3 sends about 400 characters and 6 ranges. A header that goes far beyond is no
 * scraper's, and reading it would spend CPU on a stranger's word: it counts as empty.
 */
const HEADER_LENGTH_MAX = 4_096;
/** Ranges after these are not considered. */
const ITEMS_MAX = 32;

/** Items with a malformed weight are left out: a guess could serve what was refused. */
export function parseWeightedList(header: string | null): WeightedItem[] {
  if (header === null || header.length > HEADER_LENGTH_MAX) return [];
  const items = splitUnquoted(header, ",").slice(0, ITEMS_MAX).map(parseItem);
  return items.filter(({ name, quality }) => name !== "" && !Number.isNaN(quality));
}

function parseItem(text: string): WeightedItem {
  const [name = "", ...rest] = splitUnquoted(text, ";");
  const parameters = new Map<string, string>();
  for (const parameter of rest) {
    const equals = parameter.indexOf("=");
    if (equals < 0) continue;
    const key = parameter.slice(0, equals).trim().toLowerCase();
    if (!parameters.has(key)) parameters.set(key, unquote(parameter.slice(equals + 1).trim()));
  }
  const quality = parseQuality(parameters.get("q"));
  parameters.delete("q");
  return { name: name.trim().toLowerCase(), parameters, quality };
}

/** §12.4.2: no weight means 1. Longer fractions than its three digits are taken as meant. */
function parseQuality(weight: string | undefined): number {
  if (weight === undefined) return 1;
  return /^(0(\.\d*)?|1(\.0*)?)$/.test(weight) ? Number(weight) : Number.NaN;
}

/** §5.6.4: a quoted string may hold separators, and a backslash there quotes the next character. */
function splitUnquoted(text: string, separator: "," | ";"): string[] {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') isQuoted = !isQuoted;
    else if (isQuoted && char === "\\") at++;
    else if (!isQuoted && char === separator) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}

function unquote(value: string): string {
  if (!/^".*"$/.test(value)) return value;
  return value.slice(1, -1).replace(/\\(.)/g, "$1");
}
