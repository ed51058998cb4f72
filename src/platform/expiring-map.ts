/**
 * A small cache with an age limit, for what is read on every request and changes seldom. It never
 * holds a figure, nor that something is not there, unless that is what its values say.
 */

interface CachedValue<Value> {
  value: Value;
  expiresAtMs: number;
  /** Of the read that it comes from: what was read later stays, whichever comes back first. */
  read: number;
  /** When somebody began to read it anew. */
  refreshedAtMs: number;
}

/** A value in use is read anew in the last sixth of its time, beside whoever finds it so: nobody waits for it. */
const REFRESH_SHARE = 1 / 6;
/** What is kept for seconds only is to be read anew by whoever asks, no sooner and no later. */
const REFRESHED_TTL_MS_MIN = 10_000;
/** A refresh that has not come back by then may have ended with its request: another may try. */
const REFRESH_LEASE_MS = 1_000;

type Load<Value> = () => Promise<Value | null>;

export class ExpiringMap<Value> {
  readonly #entries = new Map<string, CachedValue<Value>>();
  readonly #ttlMs: number;
  readonly #entriesMax: number;
  #evictions = 0;
  #reads = 0;

  constructor({ ttlMs, entriesMax }: { ttlMs: number; entriesMax: number }) {
    this.#ttlMs = ttlMs;
    this.#entriesMax = entriesMax;
  }

  /** `load` answers null for "not there", which is not kept. */
  async getOrLoad(key: string, nowMs: number, load: Load<Value>): Promise<Value | null> {
    const entry = this.#entries.get(key);
    if (entry === undefined || !this.#isFresh(entry, nowMs)) return this.#load(key, nowMs, load);
    if (this.#isToBeRefreshed(entry, nowMs)) {
      entry.refreshedAtMs = nowMs;
      // What fails is tried again, and told to whoever comes once the value has expired.
      this.#load(key, nowMs, load).catch(() => undefined);
    }
    return entry.value;
  }

  async #load(key: string, nowMs: number, load: Load<Value>): Promise<Value | null> {
    const evictions = this.#evictions;
    this.#reads += 1;
    const read = this.#reads;
    const value = await load();
    // What was read before an eviction may be what the eviction was about.
    if (evictions !== this.#evictions) return value;
    if (read < (this.#entries.get(key)?.read ?? 0)) return value;
    this.#entries.delete(key);
    if (value !== null) this.#set(key, { value, read, nowMs });
    return value;
  }

  /** One that expires later than any made now would was made by a clock that was ahead. */
  #isFresh({ expiresAtMs }: CachedValue<Value>, nowMs: number): boolean {
    return nowMs < expiresAtMs && expiresAtMs <= nowMs + this.#ttlMs;
  }

  #isToBeRefreshed({ expiresAtMs, refreshedAtMs }: CachedValue<Value>, nowMs: number): boolean {
    if (this.#ttlMs < REFRESHED_TTL_MS_MIN) return false;
    const isOld = nowMs >= expiresAtMs - this.#ttlMs * REFRESH_SHARE;
    return isOld && Math.abs(nowMs - refreshedAtMs) >= REFRESH_LEASE_MS;
  }

  evict(key: string): void {
    this.#evictions++;
    this.#entries.delete(key);
  }

  /** Age counts from before the read. The oldest entry makes room: a Map keeps insertion order. */
  #set(key: string, { value, read, nowMs }: { value: Value; read: number; nowMs: number }): void {
    const [oldest] = this.#entries.keys();
    if (this.#entries.size >= this.#entriesMax && oldest !== undefined)
      this.#entries.delete(oldest);
    const expiresAtMs = nowMs + this.#ttlMs;
    this.#entries.set(key, { value, read, expiresAtMs, refreshedAtMs: 0 });
  }
}
