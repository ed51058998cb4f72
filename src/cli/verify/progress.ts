/**
 * Shows on standard error how far a run has come: a line that changes on a terminal,
 * else one every ten seconds.
 */
const TERMINAL_MS = 250;
const LOG_MS = 10_000;

export class Progress {
  readonly #start = performance.now();
  readonly #isTerminal = process.stderr.isTTY === true;
  #shownAt = this.#start;
  #isShown = false;

  /** `total` is null where the entries do not say how many they are. */
  show(end: number, total: number | null): void {
    const now = performance.now();
    if (now - this.#shownAt < (this.#isTerminal ? TERMINAL_MS : LOG_MS)) return;
    this.#shownAt = now;
    this.#isShown = true;
    const seconds = Math.round((now - this.#start) / 1_000);
    const of = total === null ? "" : ` of ${total} (${Math.floor((100 * end) / total)} %)`;
    const line = `entry ${end}${of}, ${seconds} s`;
    process.stderr.write(this.#isTerminal ? `\r\u{1b}[K${line}` : `${line}\n`);
  }

  clear(): void {
    if (this.#isShown && this.#isTerminal) process.stderr.write("\r\u{1b}[K");
  }
}
