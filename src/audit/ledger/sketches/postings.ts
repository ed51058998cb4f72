/**
 * Where an action, an actor, an instance or an outcome stands: values that many entries share. An index row for
 * each would be three of an entry's five rows, so a bundle of 256 entries has a posting for each value that is in
 * it: the value's fingerprint, and its places in the bundle.
 *
 * Two values may share a fingerprint: that proposes an entry too many, never one too few, and what a search
 * returns is judged by its bytes. A posting's bytes: 4 of the fingerprint and 1 of the bundle's number within its
 * 256, big-endian; 1 of how many places there are, less one; a byte for each, or from 32 on a bit for each of 256.
 * They stand by fingerprint, then bundle.
 */
import { concatBytes } from "#formats/concat-bytes.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import { fingerprint } from "./fingerprint.ts";

const HASH_STARTS = {
  action: 0x2c1b3c6d,
  actor: 0x297a2d39,
  instance: 0x85ebca6b,
  outcome: 0x27d4eb2f,
} as const;

export type ValueColumn = keyof typeof HASH_STARTS;
const VALUE_COLUMNS = Object.keys(HASH_STARTS) as ValueColumn[];

/** The values by which an entry is looked up. */
export interface EntryValues {
  action: string;
  actor: string;
  instance: string | null;
  outcome: string;
}

/** Nearly every outcome, so that looking at every entry finds it as soon. */
export const COMMON_OUTCOME = "allowed";

/** 32 bytes, a bit for each place in the bundle. */
export type Places = Uint8Array;
const PLACES_BYTES = TILE_WIDTH / 8;

const HEAD_BYTES = 6;

export interface Posting {
  fingerprint: number;
  /** Within its 256. */
  bundle: number;
  /** Of the whole posting. */
  bytes: Uint8Array;
}

export function valueFingerprint(column: ValueColumn, value: string): number {
  return fingerprint(HASH_STARTS[column], value);
}

export function noPlaces(): Places {
  return new Uint8Array(PLACES_BYTES);
}

export function hasPlace(places: Places, place: number): boolean {
  return (places[place >> 3]! & (1 << (place & 7))) !== 0;
}

export function addPlaces(places: Places, added: Places): void {
  for (let at = 0; at < PLACES_BYTES; at += 1) places[at]! |= added[at]!;
}

export function keepPlaces(places: Places, kept: Places): void {
  for (let at = 0; at < PLACES_BYTES; at += 1) places[at]! &= kept[at]!;
}

export function holdsPlaces(places: Places, wanted: Places): boolean {
  return wanted.every((byte, at) => (byte & ~places[at]!) === 0);
}

/** The postings of a bundle as it grows. */
export class BundlePostings {
  readonly #bundle: number;
  readonly #places = new Map<number, Places>();
  /** By column and value, so that a value that comes often is hashed once. */
  readonly #known = Object.fromEntries(
    VALUE_COLUMNS.map((column) => [column, new Map<string, Places>()]),
  ) as Record<ValueColumn, Map<string, Places>>;

  constructor(index: number, before?: Uint8Array) {
    this.#bundle = index % TILE_WIDTH;
    if (before === undefined) return;
    for (const posting of readPostings(before)) {
      this.#places.set(posting.fingerprint, placesOf(posting.bytes));
    }
  }

  add(entry: EntryValues & { seq: number }): void {
    const place = entry.seq % TILE_WIDTH;
    for (const column of VALUE_COLUMNS) {
      const value = entry[column];
      if (value === null || (column === "outcome" && value === COMMON_OUTCOME)) continue;
      this.#of(column, value)[place >> 3]! |= 1 << (place & 7);
    }
  }

  pack(): Uint8Array {
    const hashes = Float64Array.from(this.#places.keys()).sort();
    const postings = Array.from(hashes, (hash) =>
      writePosting(hash, this.#bundle, this.#places.get(hash)!),
    );
    return concatBytes(postings.map(({ bytes }) => bytes));
  }

  #of(column: ValueColumn, value: string): Places {
    const known = this.#known[column].get(value);
    if (known !== undefined) return known;
    const hash = valueFingerprint(column, value);
    const places = this.#places.get(hash) ?? noPlaces();
    this.#places.set(hash, places);
    this.#known[column].set(value, places);
    return places;
  }
}

export function writePosting(hash: number, bundle: number, places: Places): Posting {
  const count = countPlaces(places);
  const isListed = count < PLACES_BYTES;
  const bytes = new Uint8Array(HEAD_BYTES + (isListed ? count : PLACES_BYTES));
  new DataView(bytes.buffer).setUint32(0, hash);
  bytes[4] = bundle;
  bytes[5] = count - 1;
  if (!isListed) bytes.set(places, HEAD_BYTES);
  else listPlaces(places, bytes.subarray(HEAD_BYTES));
  return { fingerprint: hash, bundle, bytes };
}

function listPlaces(places: Places, list: Uint8Array): void {
  let next = 0;
  for (let place = 0; next < list.length; place += 1) {
    if (hasPlace(places, place)) list[next++] = place;
  }
}

function countPlaces(places: Places): number {
  let count = 0;
  for (let byte of places) for (; byte !== 0; byte &= byte - 1) count += 1;
  return count;
}

export function readPostings(bytes: Uint8Array): Posting[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const postings: Posting[] = [];
  for (let at = 0, end = endOf(bytes, at); end !== null; at = end, end = endOf(bytes, at)) {
    postings.push({
      fingerprint: view.getUint32(at),
      bundle: bytes[at + 4]!,
      bytes: bytes.subarray(at, end),
    });
  }
  return postings;
}

/** By bundle, where values with one of the fingerprints stand. */
export function findPlaces(
  bytes: Uint8Array,
  wanted: ReadonlySet<number>,
  found = new Map<number, Places>(),
): Map<number, Places> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0, end = endOf(bytes, at); end !== null; at = end, end = endOf(bytes, at)) {
    if (!wanted.has(view.getUint32(at))) continue;
    const places = placesOf(bytes.subarray(at, end));
    const before = found.get(bytes[at + 4]!);
    if (before === undefined) found.set(bytes[at + 4]!, places);
    else addPlaces(before, places);
  }
  return found;
}

/** One that is cut short is none: what was altered is for the scrubber to find. */
function endOf(bytes: Uint8Array, at: number): number | null {
  if (at + HEAD_BYTES > bytes.length) return null;
  const end = at + HEAD_BYTES + Math.min(bytes[at + 5]! + 1, PLACES_BYTES);
  return end > bytes.length ? null : end;
}

/** `posting` is one, whole. */
export function placesOf(posting: Uint8Array): Places {
  if (posting.length === HEAD_BYTES + PLACES_BYTES) return posting.slice(HEAD_BYTES);
  const places = noPlaces();
  for (let at = HEAD_BYTES; at < posting.length; at += 1) {
    places[posting[at]! >> 3]! |= 1 << (posting[at]! & 7);
  }
  return places;
}

/** In the order in which runs hold them. */
export function packPostings(postings: readonly Posting[]): Uint8Array {
  const order = (one: Posting, other: Posting) =>
    one.fingerprint - other.fingerprint || one.bundle - other.bundle;
  return concatBytes(postings.toSorted(order).map(({ bytes }) => bytes));
}
