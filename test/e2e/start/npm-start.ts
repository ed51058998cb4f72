/** `npm start` as a newcomer runs it, on a free port and a folder of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { waitUntil } from "../wait-until.ts";
import { isAlive, type Process, processTree } from "./process-tree.ts";

const READY_MS_MAX = 120_000;
const STOP_MS_MAX = 20_000;

export interface Call {
  token?: string;
  body?: unknown;
}

export class NpmStart {
  readonly #npm: ChildProcess;
  readonly #stateDir: string;
  base = "";
  output = "";

  private constructor(npm: ChildProcess, stateDir: string) {
    this.#npm = npm;
    this.#stateDir = stateDir;
    for (const stream of [npm.stdout, npm.stderr]) {
      // For as long as it runs: a closed pipe would end what writes to it.
      stream?.on("data", (chunk) => {
        this.output += chunk;
      });
    }
    process.once("exit", () => this.#signal("SIGKILL"));
  }

  /** Returns once it says that it is ready, and how long that took. */
  static async run(stateDir: string): Promise<{ start: NpmStart; readyMs: number }> {
    const npm = spawn("npm", ["start"], {
      env: { ...process.env, PORT: "0", MCPG_STATE_DIR: stateDir },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const start = new NpmStart(npm, stateDir);
    const readyMs = await waitUntil(async () => start.#isReady(), {
      msMax: READY_MS_MAX,
      what: "npm start is ready",
    });
    return { start, readyMs };
  }

  #isReady(): boolean {
    if (this.#npm.exitCode !== null) throw new Error(`npm start ended:\n${this.output}`);
    this.base = /^ready on (http:\/\/\S+)$/m.exec(this.output)?.[1] ?? "";
    return this.base !== "";
  }

  get port(): number {
    return Number(new URL(this.base).port);
  }

  processes(): Process[] {
    return processTree(this.#npm.pid!);
  }

  countOf(pattern: RegExp): number {
    return [...this.output.matchAll(pattern)].length;
  }

  async token(file: "local-token" | "prometheus-token"): Promise<string> {
    return (await readFile(join(this.#stateDir, file), "utf8")).trim();
  }

  async send(method: string, path: string, { token = "", body }: Call = {}): Promise<Response> {
    return fetch(`${this.base}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  /** Ends with everything that it started; false if something of it goes on. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<boolean> {
    const all = this.processes();
    this.#signal(signal);
    const areGone = async () => all.every(({ pid }) => !isAlive(pid));
    return waitUntil(areGone, { msMax: STOP_MS_MAX, what: "it stops" }).then(
      () => true,
      () => false,
    );
  }

  #signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.#npm.pid!, signal);
    } catch {
      // Gone already: what the signal was for.
    }
  }
}
