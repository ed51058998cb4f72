// Runs wrangler as the head of a process group of its own, for as long as standard input is open.
// Whoever started it may die of anything, even SIGKILL: the pipe then closes and nothing is orphaned.
// Measured on wrangler 4.156.2: when it is killed itself, its workerd stay, each eating a core.
import { spawn } from "node:child_process";
import { wranglerBin } from "./wrangler-command.ts";

const graceMs = 5_000;

const wrangler = spawn(process.execPath, [wranglerBin, ...process.argv.slice(2)], {
  stdio: ["ignore", "inherit", "inherit"],
});

process.stdin.resume();
process.stdin.once("close", () => {
  wrangler.kill("SIGTERM");
  setTimeout(killGroup, graceMs);
});
wrangler.once("exit", killGroup);
wrangler.once("error", killGroup);

function killGroup(): void {
  process.kill(-process.pid, "SIGKILL");
}
