/** The workerd behind a Miniflare, which starts it, and starts the next one when it is killed. */
import type { ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { basename } from "node:path";

const spawned: ChildProcess[] = [];
subscribe("child_process", (message) => {
  spawned.push((message as { process: ChildProcess }).process);
});
// Before the folders are removed, which an earlier handler does.
process.prependOnceListener("exit", () => {
  for (const child of spawned.filter(isWorkerd)) child.kill("SIGKILL");
});

/** Running: esbuild's service and verifiers are children too. */
function isWorkerd({ spawnfile, exitCode, signalCode }: ChildProcess): boolean {
  return basename(spawnfile ?? "") === "workerd" && exitCode === null && signalCode === null;
}

let turn: Promise<unknown> = Promise.resolve();

/** One after the other, so that the workerd that comes is that of the runtime which asked for it. */
export function spawningWorkerd<Result>(
  start: () => Promise<Result>,
): Promise<{ result: Result; workerd: ChildProcess }> {
  const next = turn.then(async () => {
    const before = spawned.length;
    const result = await start();
    const workerd = spawned.slice(before).findLast(isWorkerd);
    if (workerd === undefined) throw new Error("no workerd was started");
    return { result, workerd };
  });
  turn = next.catch(() => undefined);
  return next;
}
