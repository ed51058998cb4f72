/**
 * The object's one alarm, which tells D1, deletes what is pruned, looks at the clock, and scrubs: set for the
 * earliest of them. So one that a clock which was ahead has set gives way to the first that comes after it.
 */
export class LedgerAlarm {
  readonly #storage: DurableObjectStorage;
  #atMs: number | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** To be awaited before anything else: setting it anew would cancel the very one that wakes the object now. */
  async load(): Promise<void> {
    this.#atMs = await this.#storage.getAlarm();
  }

  rings(): void {
    this.#atMs = null;
  }

  /**
   * At that time at the latest: at once where it has passed. The platform takes none that is 0 or
   * below, and what stands in SQL may have been altered.
   */
  setBy(byMs: number): void {
    const atMs = Math.max(byMs, Date.now());
    if (this.#atMs !== null && this.#atMs <= atMs) return;
    this.#atMs = atMs;
    // Not awaited, like any write: the output gate holds the answer until it is stored.
    void this.#storage.setAlarm(atMs);
  }
}
