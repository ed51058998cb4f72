/**
 * A small cache with an age limit, for what is read on every request and changes seldom. It never
 * holds a figure, nor that something is not there, unless that is what its values say.
 */

interface CachedValue<Value> {
  value: Value;
  expiresAtMs: number;
}

export class ExpiringMap<Value> {
  readonly #entries = new Map<string, CachedValue<Value>>();
  readonly #ttlMs: number;
  readonly #entriesMax: number;
  #evictions = 0;

  constructor({ ttlMs, entriesMax }: { ttlMs: number; entriesMax: number }) {
    this.#ttlMs = ttlMs;
    this.#entriesMax = entriesMax;
  }

  /** `load` answers null for "not there", which is not kept. */
  async getOrLoad(
    key: string,
    nowMs: number,
    load: () => Promise<Value | null>,
  ): Promise<Value | null> {
    const entry = this.#entries.get(key);
    if (entry !== undefined && this.#isFresh(entry, nowMs)) return entry.value;
    const evictions = this.#evictions;
    const value = await load();
    // What was read before an eviction may be what the eviction was about.
    if (value !== null && evictions === this.#evictions) this.#set(key, value, nowMs);
    return value;
  }

  /** One that expires later than any made now would was made by a clock that was ahead. */
  #isFresh({ expiresAtMs }: CachedValue<Value>, nowMs: number): boolean {
    return nowMs < expiresAtMs && expiresAtMs <= nowMs + this.#ttlMs;
  }

  evict(key: string): void {
    this.#evictions++;
    this.#entries.delete(key);
  }

  /** Age counts from before the read. The oldest entry makes room: a Map keeps insertion order. */
  #set(key: string, value: Value, nowMs: number): void {
    this.#entries.delete(key);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size >= this.#entriesMax && oldest !== undefined)
      this.#entries.delete(oldest);
    this.#entries.set(key, { value, expiresAtMs: nowMs + this.#ttlMs });
  }
}
