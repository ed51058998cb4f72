/** A suite as a child process: what it prints, and what came of it, though it die. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Verdict } from "./checks.ts";

const RUN_SUITE = join(import.meta.dirname, "run-suite.ts");

/** Whoever goes on printing beside it gets its output whole, at its end. */
export async function runChild(name: string, isAlone: boolean): Promise<Verdict> {
  const output = isAlone ? "inherit" : "pipe";
  const child = spawn(process.execPath, [RUN_SUITE, name], {
    stdio: ["ignore", output, output, "ipc"],
  });
  // It stops what it has started itself.
  const stop = () => child.kill("SIGTERM");
  process.once("exit", stop);
  const printed: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => printed.push(chunk));
  }
  let verdict: Verdict | null = null;
  child.on("message", (message) => {
    verdict = message as Verdict;
  });
  const startedAt = performance.now();
  const [code, signal] = await once(child, "close");
  process.off("exit", stop);
  process.stdout.write(Buffer.concat(printed));
  const seconds = ((performance.now() - startedAt) / 1e3).toFixed(0);
  return report(name, verdict ?? `died, ${signal ?? `exit code ${code}`}`, seconds);
}

/** One that died is a failure by name: what it would have said is not known. */
function report(name: string, verdict: Verdict | string, seconds: string): Verdict {
  const { passed, failed } = typeof verdict === "string" ? { passed: 0, failed: 1 } : verdict;
  const died = typeof verdict === "string" ? ` (${verdict})` : "";
  console.log(`== ${name}: ${passed} passed, ${failed} failed, ${seconds} s${died}`);
  return { passed, failed };
}
