/** A process of the demo's: started, waited for, and ended with it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

const END_MS_MAX = 10_000;
/** More than `npm start` prints. */
const LOG_CHARACTERS_MAX = 65_536;

export class Child {
  readonly #process: ChildProcess;
  #output = "";

  constructor(args: readonly string[], env: Record<string, string>) {
    this.#process = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      // Ctrl-C in a terminal reaches whole groups: the demo ends its own in order.
      detached: true,
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on("data", (chunk) => {
        this.#output = (this.#output + chunk).slice(-LOG_CHARACTERS_MAX);
      });
    }
    process.once("exit", () => this.#process.kill("SIGKILL"));
  }

  /** What the pattern's first group has, once it is printed. */
  async said(pattern: RegExp, msMax: number): Promise<string> {
    const overAt = Date.now() + msMax;
    for (;;) {
      const [, found] = pattern.exec(this.#output) ?? [];
      if (found !== undefined) return found;
      const hasEnded = this.#process.exitCode !== null || this.#process.signalCode !== null;
      if (hasEnded || Date.now() > overAt) throw new Error(`it did not start:\n${this.#output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGTERM");
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), END_MS_MAX);
    await ended;
    clearTimeout(timer);
  }
}
