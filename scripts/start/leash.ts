// Runs wrangler as the head of a process group of its own, for as long as standard input is open.
// Whoever started it may die of anything, even SIGKILL: the pipe then closes and nothing is orphaned.
// Measured on wrangler 4.156.2: when it is killed itself, its workerd stay, each eating a core.
import { spawn } from "node:child_process";

const wranglerBin = "node_modules/wrangler/bin/wrangler.js";
/** It needs half a second; what hangs longer will not end by itself. */
const graceMs = 2_000;
let isLeashed = true;

const wrangler = spawn(process.execPath, [wranglerBin, ...process.argv.slice(2)], {
  stdio: ["ignore", "inherit", "inherit"],
});
// While there is someone to tell the status to, the rest of the group is theirs to end.
wrangler.once("exit", (code) => (isLeashed ? process.exit(code ?? 1) : killGroup()));

process.stdin.resume();
process.stdin.once("close", () => {
  isLeashed = false;
  wrangler.kill("SIGTERM");
  setTimeout(killGroup, graceMs);
});

function killGroup(): void {
  process.kill(-process.pid, "SIGKILL");
}
