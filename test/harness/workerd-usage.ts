/**
 * Processor time and memory of the workerds that this process started: they say more than the clock where
 * others run beside them. Of Linux, as the figures are.
 */
import { readdirSync, readFileSync } from "node:fs";

/** Of `/proc/<pid>/stat`, in every Linux: sysconf(_SC_CLK_TCK) is 100, and a page has 4 KiB. */
const TICK_MS = 10;
const PAGE_BYTES = 4_096;

interface Usage {
  pid: number;
  cpuMs: number;
  bytes: number;
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
  return pids.flatMap(usageOf);
}

/** None of another process, or of one that has gone meanwhile. */
function usageOf(pid: string): Usage[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [, name = "", rest = ""] = /\((.*)\) (.*)$/s.exec(stat) ?? [];
    const fields = rest.split(" ").map(Number);
    if (name !== "workerd" || fields[1] !== process.pid) return [];
    const [userTicks = 0, systemTicks = 0, pages = 0] = [fields[11], fields[12], fields[21]];
    return [
      { pid: Number(pid), cpuMs: (userTicks + systemTicks) * TICK_MS, bytes: pages * PAGE_BYTES },
    ];
  } catch {
    return [];
  }
}
