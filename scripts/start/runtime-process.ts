// One run of the Worker: Miniflare, and the workerd that it starts. Heads a process group of its own and ends
// with all of it when the channel to whoever started it closes, of whatever that one died, even SIGKILL: a
// workerd left alone would hold the port and the databases.
import type { ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { basename } from "node:path";
import type { Miniflare } from "miniflare";
import { migrate } from "./migrate.ts";
import { miniflareOf } from "./miniflare-of.ts";
import type { Order, Report, StartOrder, TickOrder } from "./runtime-messages.ts";

/** Miniflare needs milliseconds to remove its temporary folder; what hangs longer will not end by itself. */
const graceMs = 1_000;
let serving: Miniflare | undefined;
let isEnding = false;

process.on("message", (order: Order) => {
  const done = order.kind === "start" ? serve(order) : tick(order);
  done.catch((error: Error) => end(error.message));
});
process.once("disconnect", () => void end("nobody is left to serve for"));

async function serve({ worker, port, stateDir, inspectorPort }: StartOrder): Promise<void> {
  await migrate(worker, stateDir, (binding, name) => report({ kind: "migrated", binding, name }));
  endWithWorkerd();
  const { options, script, policyScript } = worker;
  serving = miniflareOf(stateDir, { ...options, script, policyScript, port, inspectorPort });
  await serving.ready;
}

/** Miniflare would start the next one at once, for ever: how soon is for keepServing to say. */
function endWithWorkerd(): void {
  subscribe("child_process", (message) => {
    const { process: child } = message as { process: ChildProcess };
    // Which program it is stands there once it is started.
    child.once("exit", (code, signal) => {
      if (basename(child.spawnfile ?? "") !== "workerd") return;
      void end(`the runtime ended: ${signal ?? `code ${code}`}`);
    });
  });
}

/** By the runtime's own channel, which asks for a secret of this run: no URL fires a trigger. */
async function tick({ number, cron, scheduledTimeMs }: TickOrder): Promise<void> {
  const worker = await serving?.getWorker();
  const failure = await worker
    ?.scheduled({ cron, scheduledTime: new Date(scheduledTimeMs) })
    .then(({ outcome }) => (outcome === "ok" ? null : outcome))
    .catch((error: Error) => error.message);
  report({ kind: "ticked", number, failure: failure ?? null });
}

function report(message: Report): void {
  if (process.connected) process.send!(message);
}

async function end(reason: string): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  setTimeout(endGroup, graceMs);
  report({ kind: "ended", reason });
  await serving?.dispose().catch(() => undefined);
  endGroup();
}

function endGroup(): void {
  process.kill(-process.pid, "SIGKILL");
}
