/** The one alarm that an object has, which tells D1 the log's size, goes on deleting, and looks at the clock. */

export class LedgerAlarm {
  readonly #storage: DurableObjectStorage;
  #atMs: number | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Called before anything else: an alarm that is set is to stay, for it may be what wakes the object now. */
  async load(): Promise<void> {
    this.#atMs = await this.#storage.getAlarm();
  }

  /** Called when it rings. */
  begin(): void {
    this.#atMs = null;
  }

  /** One that a clock which was ahead has set does not count: it would ring when that time has come. */
  isSetWithin(delayMs: number): boolean {
    return this.#atMs !== null && this.#atMs <= Date.now() + delayMs;
  }

  /** Of two alarms the earlier one stays. */
  setIn(delayMs: number): void {
    if (this.isSetWithin(delayMs)) return;
    this.#atMs = Date.now() + delayMs;
    // Not awaited, like any write: the output gate holds the answer until it is stored.
    void this.#storage.setAlarm(this.#atMs);
  }
}
