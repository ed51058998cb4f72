/** Processor time and memory of the workerds that this process started. */
import { readdirSync } from "node:fs";
import { type ProcessUsage, processUsage } from "./process-usage.ts";

interface Usage extends ProcessUsage {
  pid: number;
}

/** User and system time so far; NaN where there is no /proc. */
export function workerdCpuMs(): number {
  return sumOf(({ cpuMs }) => cpuMs);
}

/** Resident; NaN where there is no /proc. */
export function workerdBytes(): number {
  return sumOf(({ bytes }) => bytes);
}

/** Of the one that runs. */
export function workerdPid(): number {
  const [usage, ...others] = usages();
  if (usage === undefined || others.length > 0) throw new Error("there is not one workerd");
  return usage.pid;
}

function sumOf(part: (usage: Usage) => number): number {
  try {
    return usages().reduce((sum, usage) => sum + part(usage), 0);
  } catch {
    return Number.NaN;
  }
}

function usages(): Usage[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => usageOf(Number(pid)));
}

/** None of another process. */
function usageOf(pid: number): Usage[] {
  const usage = processUsage(pid);
  const isOurs = usage?.program === "workerd" && usage.parent === process.pid;
  return isOurs ? [{ pid, ...usage }] : [];
}
