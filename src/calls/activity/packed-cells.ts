/**
 * Cells as they are stored: text, read number by number without an object for a series or a cell, of characters that
 * JSON sends as they are. All tools of a day take a sixth of the time that JSON takes (ARCHITECTURE.md).
 *
 *   cells          cell count cell count …
 *   of a block     place size cells, place size cells, … with the place within the block, and how many cells follow
 *
 * A number's last character is one of `#` to `Z`, those before it are of `]` to `|`: up to 55 it has one character,
 * which the places of half the series have, most cells, and nearly all counts.
 */
import type { Cells } from "./activity-cells.ts";

const LAST_FIRST = "#".charCodeAt(0);
const LASTS = 56;
const MORE_FIRST = "]".charCodeAt(0);
const MORES = 32;

/** Reads what `packedNumber` wrote, one behind the other. */
export class PackedNumbers {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get at(): number {
    return this.#at;
  }

  get hasMore(): boolean {
    return this.#at < this.#text.length;
  }

  next(): number {
    let code = this.#text.charCodeAt(this.#at++);
    let number = 0;
    for (let scale = 1; ; scale *= MORES) {
      if (!(code >= MORE_FIRST)) return number + scale * (code - LAST_FIRST);
      number += scale * (LASTS + code - MORE_FIRST);
      code = this.#text.charCodeAt(this.#at++);
    }
  }

  /** A number ends with its first character that is none of those that more follow. */
  skip(numbers: number): void {
    const text = this.#text;
    let at = this.#at;
    for (let left = numbers; left > 0; at += 1) if (!(text.charCodeAt(at) >= MORE_FIRST)) left -= 1;
    this.#at = at;
  }
}

/** Those that most texts consist of. */
const SMALL = Array.from({ length: 600 }, (_, number) => packed(number));

export function packedNumber(number: number): string {
  return SMALL[number] ?? packed(number);
}

function packed(number: number): string {
  let text = "";
  let rest = number;
  for (; rest >= LASTS; rest = Math.floor((rest - LASTS) / MORES)) {
    text += String.fromCharCode(MORE_FIRST + ((rest - LASTS) % MORES));
  }
  return text + String.fromCharCode(LAST_FIRST + rest);
}

/** The sum of what is stored, cells alone, and of what is added. */
export function mergedCells(stored: string, added: readonly Cells[]): string {
  const numbers = new PackedNumbers(stored);
  const sum: number[] = [];
  while (numbers.hasMore) sum.push(numbers.next());
  return packedAll(withAdded(sum, added));
}

/** The same of a block; what nothing is added to stays as it is. */
export function mergedBlock(stored: string, added: ReadonlyMap<number, readonly Cells[]>): string {
  const numbers = new PackedNumbers(stored);
  const seen = new Set<number>();
  let text = "";
  while (numbers.hasMore) {
    const from = numbers.at;
    const place = numbers.next();
    const size = numbers.next();
    const more = added.get(place);
    if (more === undefined) {
      numbers.skip(2 * size);
      text += stored.slice(from, numbers.at);
      continue;
    }
    seen.add(place);
    const sum = Array.from({ length: 2 * size }, () => numbers.next());
    text += packedPlace(place, withAdded(sum, more));
  }
  for (const [place, cells] of added) {
    if (!seen.has(place)) text += packedPlace(place, withAdded([], cells));
  }
  return text;
}

function packedPlace(place: number, cells: readonly number[]): string {
  return packedNumber(place) + packedNumber(cells.length / 2) + packedAll(cells);
}

function packedAll(numbers: readonly number[]): string {
  let text = "";
  for (const number of numbers) text += packedNumber(number);
  return text;
}

/** To [cell, count, …]. There are few cells: looking through them takes a third of the time that a map would. */
function withAdded(sum: number[], added: readonly Cells[]): number[] {
  for (const cells of added) for (const [cell, count] of cells) addStored(sum, cell, count);
  return sum;
}

function addStored(sum: number[], cell: number, count: number): void {
  for (let at = 0; at < sum.length; at += 2) {
    if (sum[at] !== cell) continue;
    sum[at + 1]! += count;
    return;
  }
  sum.push(cell, count);
}
