import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import type { Settings } from "./settings.ts";
import { spawnWrangler } from "./spawn-wrangler.ts";

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

/** One run of `wrangler dev`, and what its output tells about the Worker. */
export class WranglerDev {
  /** Settles once wrangler and all that it started are gone. */
  readonly ended: Promise<void>;
  hasEnded = false;
  /** Its runtime was restarted; measured on 4.156.2, requests may then hang for good. */
  runtimeCrashed = false;
  /** An edit does not compile: requests wait until the next one that does. */
  buildBroken = false;
  readonly #wrangler: ChildProcessWithoutNullStreams;

  constructor({ port, stateDir }: Settings) {
    this.#wrangler = spawnWrangler([
      "dev",
      ...["--ip", "127.0.0.1", "--port", String(port), "--persist-to", stateDir],
      ...["--var", "MCPG_DEFAULT_ORG_TIER:enterprise"],
      // A collector or receiver on this machine.
      ...["--var", "MCPG_ALLOW_LOOPBACK:true"],
      "--show-interactive-dev-session=false",
    ]);
    this.#follow(this.#wrangler.stdout, process.stdout);
    this.#follow(this.#wrangler.stderr, process.stderr);
    this.ended = new Promise((resolve) => {
      this.#wrangler.once("close", () => {
        this.hasEnded = true;
        resolve();
      });
    });
  }

  stop(): Promise<void> {
    this.#wrangler.stdin.destroy();
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
}
