import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { LocalWorker } from "./local-worker.ts";
import type { Order, Report } from "./runtime-messages.ts";
import type { Settings } from "./settings.ts";

interface AskedTick {
  cron: string;
  scheduledTimeMs: number;
}

/** One run of the Worker in a process of its own (runtime-process.ts), as keepServing sees it. */
export class Runtime {
  /** Aborted once the process and all that it started are gone; the reason says why. */
  readonly ended: AbortSignal;
  readonly #process: ChildProcess;
  readonly #gone: Promise<unknown>;
  readonly #ticks = new Map<number, (failure: string | null) => void>();
  #lastTick = 0;
  #reason = "its process was killed";

  constructor(worker: LocalWorker, { port, stateDir, inspectorPort }: Settings) {
    const end = new AbortController();
    this.ended = end.signal;
    // The group of its own keeps Ctrl-C from reaching it before us.
    this.#process = spawn(process.execPath, ["scripts/start/runtime-process.ts"], {
      detached: true,
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#process.on("message", (report: Report) => this.#learn(report));
    this.#gone = once(this.#process, "exit").then(() => {
      // What outlives it is a workerd that holds the port.
      endGroup(this.#process.pid!);
      end.abort(this.#reason);
      for (const answer of this.#ticks.values()) answer(this.#reason);
    });
    const inspector = inspectorPort === undefined ? {} : { inspectorPort };
    this.#send({ kind: "start", worker, port, stateDir, ...inspector });
  }

  get hasEnded(): boolean {
    return this.ended.aborted;
  }

  /** Settles with the trigger's failure, or null if all of it went well. */
  tick({ cron, scheduledTimeMs }: AskedTick): Promise<string | null> {
    if (this.hasEnded) return Promise.resolve(this.#reason);
    this.#lastTick += 1;
    const number = this.#lastTick;
    const { promise, resolve } = Promise.withResolvers<string | null>();
    this.#ticks.set(number, resolve);
    this.#send({ kind: "tick", number, cron, scheduledTimeMs });
    return promise;
  }

  async stop(): Promise<void> {
    if (this.#process.connected) this.#process.disconnect();
    await this.#gone;
  }

  #send(order: Order): void {
    // An error is the process's end, which is told by its exit.
    this.#process.send(order, () => undefined);
  }

  #learn(report: Report): void {
    if (report.kind === "migrated") console.log(`migrated ${report.binding}: ${report.name}`);
    if (report.kind === "ended") this.#reason = report.reason;
    if (report.kind !== "ticked") return;
    this.#ticks.get(report.number)?.(report.failure);
    this.#ticks.delete(report.number);
  }
}

function endGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
