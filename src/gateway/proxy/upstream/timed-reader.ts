/**
 * A body read with a limit to each wait. A wait that is over leaves the read under way: whatever it brings is the
 * next reading's.
 */

export type Reading =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "end" }
  /** The connection broke, or the body is shorter than its framing said. */
  | { readonly kind: "broken" }
  | { readonly kind: "silent" };

const END = { kind: "end" } as const;
const BROKEN = { kind: "broken" } as const;
const SILENT = { kind: "silent" } as const;

/** What a timer takes; 24 days. */
const WAIT_MS_MAX = 2 ** 31 - 1;

export class TimedReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | null;
  #isReading = false;
  #arrived: Reading | null = null;
  #wake: ((reading: Reading) => void) | null = null;

  constructor(body: ReadableStream<Uint8Array> | null) {
    this.#reader = body?.getReader() ?? null;
  }

  /** One at a time. Never rejects. */
  next(waitMs: number): Promise<Reading> {
    const arrived = this.#arrived;
    this.#arrived = null;
    if (arrived !== null) return Promise.resolve(arrived);
    return new Promise((resolve) => {
      const timer =
        waitMs > WAIT_MS_MAX ? undefined : setTimeout(() => this.#arrive(SILENT), waitMs);
      this.#wake = (reading) => {
        clearTimeout(timer);
        resolve(reading);
      };
      this.#read();
    });
  }

  /** Lets go of the body: its connection is closed. */
  async cancel(): Promise<void> {
    await this.#reader?.cancel().catch(() => {});
  }

  #read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    const reading = this.#reader?.read() ?? Promise.resolve({ done: true, value: undefined });
    reading
      .then(
        ({ done, value }) =>
          done || value === undefined ? END : { kind: "bytes" as const, bytes: value },
        () => BROKEN,
      )
      .then((read) => {
        this.#isReading = false;
        this.#arrive(read);
      });
  }

  #arrive(reading: Reading): void {
    const wake = this.#wake;
    this.#wake = null;
    if (wake !== null) wake(reading);
    else if (reading.kind !== "silent") this.#arrived = reading;
  }
}
