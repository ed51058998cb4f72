/** Children that a suite starts by the dozen: whatever ends this process ends them. */
import type { ChildProcess } from "node:child_process";

const children = new Set<ChildProcess>();
// One handler: dozens would look like a leak. Before the folders are removed, which an earlier one does.
process.prependOnceListener("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

export function endWithUs(child: ChildProcess): void {
  children.add(child);
  child.once("exit", () => children.delete(child));
}
