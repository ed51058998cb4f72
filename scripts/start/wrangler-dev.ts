import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import type { Settings } from "./settings.ts";
import { devArguments, wranglerEnv } from "./wrangler-command.ts";

/** What wrangler says that a reader of the log has no use for, or that we say better. */
const noise = [
  /^\s*$/,
  /^\[wrangler:info\] (Ready on|GET \/(healthz|readyz) 200)/,
  /^(Using secrets defined in|Your Worker has access to|Binding +Resource|env\.\w+ \()/,
  /^⎔ Starting local server/,
  /Scheduled Workers are not automatically triggered/,
  /^ +(To manually trigger a scheduled event|curl "http\S+\/cdn-cgi\/)/,
  /^ +For more details, see \S+cron-triggers/,
];

/** One run of `wrangler dev`: its process group, and what its output tells about the Worker. */
export class WranglerDev {
  /** Settles once wrangler and all that it started are gone. */
  readonly ended: Promise<void>;
  hasEnded = false;
  /** Its runtime was restarted; measured on 4.156.2, requests may then hang for good. */
  runtimeCrashed = false;
  /** An edit does not compile: requests wait until the next one that does. */
  buildBroken = false;
  readonly #leash: ChildProcess;

  constructor(settings: Settings) {
    const leash = spawn(
      process.execPath,
      ["scripts/start/leash.ts", ...devArguments(settings)],
      // A group of its own: Ctrl-C reaches us alone, and what is left of it can be ended at once.
      { detached: true, env: wranglerEnv(process.env), stdio: ["pipe", "pipe", "pipe"] },
    );
    this.#leash = leash;
    this.#follow(leash.stdout, process.stdout);
    this.#follow(leash.stderr, process.stderr);
    leash.once("exit", () => this.#endGroup());
    this.ended = new Promise((resolve, reject) => {
      leash.once("error", reject);
      leash.once("close", () => {
        this.hasEnded = true;
        resolve();
      });
    });
  }

  /** Closing its input is how the leash is told; see leash.ts. */
  stop(): Promise<void> {
    this.#leash.stdin?.destroy();
    return this.ended;
  }

  #follow(stream: Readable, to: NodeJS.WriteStream): void {
    createInterface({ input: stream }).on("line", (raw) => {
      const line = stripVTControlCharacters(raw);
      this.#learn(line);
      if (!noise.some((pattern) => pattern.test(line))) to.write(`${line}\n`);
    });
  }

  #learn(line: string): void {
    if (line.includes("The Workers runtime crashed unexpectedly")) this.runtimeCrashed = true;
    if (line.includes("Build failed with")) this.buildBroken = true;
    if (/Local server updated|Ready on/.test(line)) this.buildBroken = false;
  }

  /** For a leash that was killed before it could: its workerd would hold the port. */
  #endGroup(): void {
    try {
      process.kill(-this.#leash.pid!, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
