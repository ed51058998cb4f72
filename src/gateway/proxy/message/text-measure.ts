/**
 * What has to be known of a JSON text before a parser may see it, in one pass without recursion: how deep it is
 * nested, and how many values and names it has.
 *
 * Of a text that is no JSON the figures are any; JSON.parse then refuses it.
 */
import { endOfString } from "#formats/read-json.ts";

export interface TextMeasure {
  /** As many as names of members, each as often as it is written. */
  readonly names: number;
  /** Where the names of the outermost object's own members begin. */
  readonly outermost: readonly number[];
}

/**
 * The least that common readers take by default is 64 (.NET's System.Text.Json; protobuf 100, serde_json 128).
 * Cedar overflows at about 128, and recursive parsers at some 20,000. What is deeper would be refused by some
 * readers and read by others.
 */
export const DEPTH_MAX = 64;

/**
 * A value may take one byte of text and dozens of memory. No call has more values than one in sixteen bytes of
 * the 4 MiB that a body may have, as long lists of numbers do.
 */
const VALUES_MAX = 4_194_304 / 16;
/**
 * A name takes ten times as long as a value, to be parsed and wherever names are compared: so many take 120 ms in all.
 * No model writes as many: with its value, each is four of its tokens.
 */
export const NAMES_MAX = 65_536;

const QUOTE = 0x22;
const COLON = 0x3a;

/** By character: how much deeper it leads, and how many values it announces. */
const NESTING = charTable({ "[": 1, "{": 1, "]": -1, "}": -1 });
const VALUES = charTable({ "[": 1, "{": 1, ",": 1 });

export function measureText(text: string): TextMeasure | "too_deep" | "too_many_values" {
  const names: Names = { names: 0, outermost: [] };
  let values = 1;
  let depth = 0;
  let lastString = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      lastString = at;
      at = endOfString(text, at);
      continue;
    }
    if (code === COLON) noteName(names, lastString, depth);
    depth += NESTING[code] ?? 0;
    values += VALUES[code] ?? 0;
    if (depth > DEPTH_MAX) return "too_deep";
  }
  return isTooMany(values, names) ? "too_many_values" : names;
}

function isTooMany(values: number, { names }: TextMeasure): boolean {
  return values > VALUES_MAX || names > NAMES_MAX;
}

interface Names {
  names: number;
  outermost: number[];
}

/** The last string before a colon is a name. */
function noteName(names: Names, start: number, depth: number): void {
  names.names += 1;
  if (depth === 1) names.outermost.push(start);
}

function charTable(values: Readonly<Record<string, number>>): Int8Array {
  const table = new Int8Array(128);
  for (const [character, value] of Object.entries(values)) table[character.charCodeAt(0)] = value;
  return table;
}
