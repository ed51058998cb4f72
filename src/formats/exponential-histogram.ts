/**
 * Exponential histogram of durations: Prometheus native histogram schema 4, which is OTel scale 4.
 *
 *   bucket i counts the values in (2^((i-1)/16), 2^(i/16)] seconds; the OTel index is i - 1
 *   stored form   {"-57":12,"16":3}   bucket index → count, absent = 0, keys in any order
 *
 * A value at a bucket's log midpoint is off by at most 2^(1/32) - 1 = 2.19 %, and adding the counts
 * of two histograms gives exactly the histogram of both. Bounds are seconds because log2(1000) is
 * no integer: buckets of milliseconds would fit neither Prometheus nor OTel.
 *
 * https://prometheus.io/docs/specs/native_histograms/#standard-exponential-schemas
 * https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
 */
export const SCHEMA = 4;
const BUCKETS_PER_DOUBLING = 2 ** SCHEMA;

/** Durations up to this one are in Prometheus' zero bucket. It lies under a microsecond, our unit. */
export const ZERO_THRESHOLD_SECONDS = 2 ** -20;
export const ZERO_BUCKET_INDEX = -20 * BUCKETS_PER_DOUBLING;

/**
 * The bucket that ends at 2^20 s, 12 days. Longer values would be clamped to it, but there are none: ingest
 * takes durations up to 86,400 s, and lags up to 24 h of lateness, a duration's worth at most on top.
 */
export const INDEX_MAX = 20 * BUCKETS_PER_DOUBLING;

/**
 * Bounds of the classic buckets, +Inf apart. Each is a native bound too, so classic counts are exact. Most calls
 * take 4 ms to a minute: there each power of two is one. Around that they reach from what a cache answers to the
 * longest duration that is taken, in wider steps, for each bound is a line of each series at every scrape.
 */
const CLASSIC_EXPONENTS: readonly number[] = [
  ...[-11, -9],
  ...Array.from({ length: 15 }, (_, index) => index - 8),
  ...[8, 9, 11, 14, 17],
];
export const CLASSIC_BOUNDS_SECONDS: readonly number[] = CLASSIC_EXPONENTS.map(
  (exponent) => 2 ** exponent,
);
export const CLASSIC_BUCKETS = CLASSIC_BOUNDS_SECONDS.length + 1;

const SLOTS = INDEX_MAX - ZERO_BUCKET_INDEX + 1;
const MICROSECONDS_PER_SECOND = 1e6;
const LOG2_MICROSECONDS = Math.log2(MICROSECONDS_PER_SECOND);

/** 2^(i/16) for one doubling: scaling it by powers of two is exact, as Prometheus' bounds are. */
const ROOTS = Float64Array.from(
  { length: BUCKETS_PER_DOUBLING },
  (_, step) => 2 ** (step / BUCKETS_PER_DOUBLING),
);

const UPPER_SECONDS = Float64Array.from({ length: SLOTS }, (_, slot) => {
  const index = slot + ZERO_BUCKET_INDEX;
  const doublings = Math.floor(index / BUCKETS_PER_DOUBLING);
  return ROOTS[index - doublings * BUCKETS_PER_DOUBLING]! * 2 ** doublings;
});

/** The last whole microsecond inside each bucket, so that comparing whole numbers decides. */
const LAST_MICROSECOND = UPPER_SECONDS.map((bound) => Math.floor(bound * MICROSECONDS_PER_SECOND));

const MIDPOINT_SECONDS = Float64Array.from({ length: SLOTS }, (_, slot) =>
  slot === 0 ? 0 : 2 ** ((slot + ZERO_BUCKET_INDEX - 0.5) / BUCKETS_PER_DOUBLING),
);

/**
 * Lowers a guessed index by far more than a logarithm's error (ECMA-262 leaves that to the engine) and far
 * less than one: a guess that is wrong is then one too low, never too high.
 */
const GUESS_MARGIN = 2 ** -20;

/** The bucket of a duration: a logarithm guesses, a comparison of whole numbers decides. */
export function bucketIndex(durationUs: number): number {
  if (!Number.isSafeInteger(durationUs)) {
    throw new RangeError(`durationUs must be whole microseconds, got ${durationUs}`);
  }
  if (durationUs <= 0) return ZERO_BUCKET_INDEX;
  if (durationUs > LAST_MICROSECOND[SLOTS - 1]!) return INDEX_MAX;
  const exponent = Math.log2(durationUs) - LOG2_MICROSECONDS;
  const guess = Math.ceil(exponent * BUCKETS_PER_DOUBLING - GUESS_MARGIN) - ZERO_BUCKET_INDEX;
  const slot = durationUs > LAST_MICROSECOND[guess]! ? guess + 1 : guess;
  return slot + ZERO_BUCKET_INDEX;
}

export function upperBoundSeconds(index: number): number {
  const bound = UPPER_SECONDS[index - ZERO_BUCKET_INDEX];
  if (bound === undefined) throw new RangeError(`no bucket has the index ${index}`);
  return bound;
}

const CLASSIC_BUCKET = Uint8Array.from(UPPER_SECONDS, (upper) => {
  const bucket = CLASSIC_BOUNDS_SECONDS.findIndex((bound) => upper <= bound);
  return bucket === -1 ? CLASSIC_BOUNDS_SECONDS.length : bucket;
});

/** Which classic bucket holds a native one: a place in CLASSIC_BOUNDS_SECONDS, or after them for +Inf. */
export function classicBucket(index: number): number {
  const bucket = CLASSIC_BUCKET[index - ZERO_BUCKET_INDEX];
  if (bucket === undefined) throw new RangeError(`no bucket has the index ${index}`);
  return bucket;
}

/** The buckets as Prometheus exposes them: ascending, the zero bucket apart. */
export interface SparseBuckets {
  readonly indexes: readonly number[];
  readonly counts: readonly number[];
  readonly zeroCount: number;
}

/**
 * Sums histograms. What emptying and reading one costs depends on the buckets that were touched, not on all
 * that there could be, so that one instance serves all the series of a scrape.
 */
export class BucketCounts {
  readonly #counts = new Float64Array(SLOTS);
  readonly #entries = new EntryBuffer();
  #firstSlot = SLOTS;
  #lastSlot = -1;
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(index: number, count: number): void {
    if (!(index >= ZERO_BUCKET_INDEX && index <= INDEX_MAX && Number.isInteger(index))) {
      throw new RangeError(`no bucket has the index ${index}`);
    }
    if (!(count > 0 && Number.isSafeInteger(count))) {
      throw new RangeError(`a count must be a whole number over 0, got ${count}`);
    }
    this.#addToSlot(index - ZERO_BUCKET_INDEX, count);
  }

  /** Adds a stored histogram. Throws on a text that is not of the stored form, of which nothing is added. */
  addJson(text: string): void {
    const entries = this.#entries;
    const length = entries.read(text);
    for (let entry = 0; entry < length; entry++) {
      this.#addToSlot(entries.slots[entry]!, entries.counts[entry]!);
    }
  }

  clear(): void {
    this.#counts.fill(0, this.#firstSlot, this.#lastSlot + 1);
    this.#firstSlot = SLOTS;
    this.#lastSlot = -1;
    this.#total = 0;
  }

  /**
   * The nearest-rank quantile: the log midpoint of the bucket that holds rank ceil(q · total), at
   * most 2.2 % off. A known minimum and maximum only ever bring it nearer. NaN when empty.
   */
  quantileSeconds(q: number, minUs = 0, maxUs = Number.POSITIVE_INFINITY): number {
    if (!(q >= 0 && q <= 1)) throw new RangeError(`a quantile is from 0 to 1, got ${q}`);
    if (this.#total === 0) return Number.NaN;
    const midpoint = MIDPOINT_SECONDS[this.#slotOfRank(Math.ceil(q * this.#total))]!;
    const atLeast = Math.max(midpoint, minUs / MICROSECONDS_PER_SECOND);
    return Math.min(atLeast, maxUs / MICROSECONDS_PER_SECOND);
  }

  sparse(): SparseBuckets {
    const indexes: number[] = [];
    const counts: number[] = [];
    for (let slot = Math.max(this.#firstSlot, 1); slot <= this.#lastSlot; slot++) {
      if (this.#counts[slot] === 0) continue;
      indexes.push(slot + ZERO_BUCKET_INDEX);
      counts.push(this.#counts[slot]!);
    }
    return { indexes, counts, zeroCount: this.#counts[0]! };
  }

  toJson(): string {
    let entries = "";
    for (let slot = this.#firstSlot; slot <= this.#lastSlot; slot++) {
      if (this.#counts[slot] === 0) continue;
      const comma = entries === "" ? "" : ",";
      entries += `${comma}"${slot + ZERO_BUCKET_INDEX}":${this.#counts[slot]}`;
    }
    return `{${entries}}`;
  }

  #addToSlot(slot: number, count: number): void {
    this.#counts[slot]! += count;
    this.#total += count;
    if (slot < this.#firstSlot) this.#firstSlot = slot;
    if (slot > this.#lastSlot) this.#lastSlot = slot;
  }

  #slotOfRank(rank: number): number {
    let slot = this.#firstSlot;
    for (let seen = this.#counts[slot]!; seen < rank; seen += this.#counts[slot]!) slot += 1;
    return slot;
  }
}

const QUOTE = 34;
const COMMA = 44;
const MINUS = 45;
const DIGIT_ZERO = 48;
const COLON = 58;
const BRACE_OPEN = 123;
const BRACE_CLOSE = 125;

/**
 * Reads the stored form, in the one encoding that `toJson` and SQLite write (no white space, no leading
 * zero, no key twice). It reads by hand, because a scrape reads tens of thousands of them, and JSON.parse
 * would build a dictionary of string keys for each.
 */
class EntryBuffer {
  readonly slots = new Int16Array(SLOTS);
  readonly counts = new Float64Array(SLOTS);
  /** The number of the last text that had each slot: finds a key given twice without emptying a set. */
  readonly #seenIn = new Float64Array(SLOTS);
  #textNumber = 0;
  #text = "";
  #at = 0;

  /** Returns how many entries of `slots` and `counts` are this text's. */
  read(text: string): number {
    this.#text = text;
    this.#at = 0;
    this.#textNumber += 1;
    this.#expect(BRACE_OPEN);
    if (text === "{}") return 0;
    let length = 0;
    do {
      this.slots[length] = this.#slot();
      this.#expect(COLON);
      this.counts[length] = this.#positive();
      length += 1;
    } while (this.#skip(COMMA));
    this.#expect(BRACE_CLOSE);
    if (this.#at !== text.length) this.#refuse();
    return length;
  }

  #slot(): number {
    this.#expect(QUOTE);
    const negative = this.#skip(MINUS);
    const index = !negative && this.#skip(DIGIT_ZERO) ? 0 : this.#positive();
    this.#expect(QUOTE);
    const slot = (negative ? -index : index) - ZERO_BUCKET_INDEX;
    if (slot < 0 || slot >= SLOTS || this.#seenIn[slot] === this.#textNumber) this.#refuse();
    this.#seenIn[slot] = this.#textNumber;
    return slot;
  }

  #positive(): number {
    const text = this.#text;
    let at = this.#at;
    let digit = text.charCodeAt(at) - DIGIT_ZERO;
    if (!(digit > 0 && digit <= 9)) this.#refuse();
    let value = 0;
    while (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      at += 1;
      digit = text.charCodeAt(at) - DIGIT_ZERO;
    }
    this.#at = at;
    if (value > Number.MAX_SAFE_INTEGER) this.#refuse();
    return value;
  }

  #skip(code: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== code) return false;
    this.#at += 1;
    return true;
  }

  #expect(code: number): void {
    if (!this.#skip(code)) this.#refuse();
  }

  #refuse(): never {
    throw new SyntaxError(`not a stored histogram, at character ${this.#at}`);
  }
}
