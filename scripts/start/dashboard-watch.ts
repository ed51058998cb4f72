import { spawn } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const SOURCE = "src/dashboard";
/** Editors and `git checkout` write many files at a time. */
const SETTLE_MS = 150;

/**
 * Builds the dashboard anew when its source changes. The runtime reads the list of its files when it starts: whoever
 * serves it starts it again then. Nothing reloads a page, for that would take a script that its policy forbids.
 */
export class DashboardWatch {
  #built = Promise.withResolvers<void>();
  #isChanged = false;
  #isBuilding = false;

  constructor(signal: AbortSignal) {
    const watcher = watch(SOURCE, { recursive: true, persistent: false, signal });
    watcher.on("change", () => void this.#note(signal));
    // Without it, as where a machine has no more watches to give, a new start builds it.
    watcher.on("error", () => undefined);
  }

  /** Settles with the next build. */
  get built(): Promise<void> {
    return this.#built.promise;
  }

  async #note(signal: AbortSignal): Promise<void> {
    this.#isChanged = true;
    if (this.#isBuilding) return;
    this.#isBuilding = true;
    while (this.#isChanged && !signal.aborted) {
      await sleep(SETTLE_MS);
      this.#isChanged = false;
      if (await isBuilt(signal)) this.#tell();
    }
    this.#isBuilding = false;
  }

  #tell(): void {
    const { resolve } = this.#built;
    this.#built = Promise.withResolvers<void>();
    resolve();
  }
}

/** In a process of its own, which need not stay. What is wrong with the source it says itself. */
async function isBuilt(signal: AbortSignal): Promise<boolean> {
  const builder = spawn(process.execPath, ["scripts/build-dashboard.ts"], {
    stdio: ["ignore", "ignore", "inherit"],
    signal,
  });
  try {
    const [code] = await once(builder, "exit");
    return code === 0;
  } catch {
    return false;
  }
}
