/** Processor time of the runtime's process: it says more than the clock where others run beside it. */
import { readdirSync, readFileSync } from "node:fs";

/** Of `/proc/<pid>/stat`, in every Linux: sysconf(_SC_CLK_TCK) is 100. */
const TICK_MS = 10;

/** User and system time of this process's workerd so far; NaN where there is no /proc. */
export function runtimeCpuMs(): number {
  try {
    const stats = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(statOf)
      .filter((stat) => stat?.name === "workerd" && stat.parent === process.pid);
    return stats.reduce((sum, stat) => sum + (stat?.cpuMs ?? 0), 0);
  } catch {
    return Number.NaN;
  }
}

/** Null for a process that has gone meanwhile. */
function statOf(pid: string): { name: string; parent: number; cpuMs: number } | null {
  try {
    const [, name = "", rest = ""] =
      /\((.*)\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    const fields = rest.split(" ");
    const cpuMs = (Number(fields[11]) + Number(fields[12])) * TICK_MS;
    return { name, parent: Number(fields[1]), cpuMs };
  } catch {
    return null;
  }
}
