/** A Python process that says one line of JSON and ends, its spans sent, once its input does. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { endWithUs } from "../end-with-us.ts";

/** What an SDK logs of spans that it could not send or keep: they would be missed for no fault of ours. */
const LOST_SPANS = /fail.*export|export.*fail|queue.*full|drop/i;
const LOG_CHARACTERS_MAX = 1_000;

export class Peer {
  readonly #child: ChildProcess;
  readonly #name: string;
  #log = "";

  constructor(python: string, [script, ...args]: [string, ...string[]], env: NodeJS.ProcessEnv) {
    this.#name = script;
    const path = join(import.meta.dirname, "peers", script);
    // No bytecode of ours in the tree.
    this.#child = spawn(python, ["-B", path, ...args], { env, stdio: ["pipe", "pipe", "pipe"] });
    endWithUs(this.#child);
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#log += text;
    });
  }

  async said<Said>(): Promise<Said> {
    if (this.#child.stdout === null) throw new Error("a peer without an output");
    for await (const line of createInterface(this.#child.stdout)) return JSON.parse(line) as Said;
    throw new Error(`${this.#name} said nothing: ${this.#log.slice(-LOG_CHARACTERS_MAX)}`);
  }

  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** What it logged of spans that were lost. */
  async end(): Promise<string[]> {
    const ended = once(this.#child, "close");
    this.#child.stdin?.end();
    const [code] = await ended;
    if (code !== 0) {
      throw new Error(`${this.#name} ended with ${code}: ${this.#log.slice(-LOG_CHARACTERS_MAX)}`);
    }
    return this.#log.split("\n").filter((line) => LOST_SPANS.test(line));
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}
