/**
 * Processor time and memory of a process: they say more than the clock where others run beside it. Of Linux,
 * as the figures are.
 */
import { readFileSync } from "node:fs";

/** Of `/proc/<pid>/stat`, in every Linux: sysconf(_SC_CLK_TCK) is 100, and a page has 4 KiB. */
const TICK_MS = 10;
const PAGE_BYTES = 4_096;

export interface ProcessUsage {
  program: string;
  parent: number;
  /** User and system time so far. */
  cpuMs: number;
  /** Resident. */
  bytes: number;
}

/** None of a process that has gone, or where there is no /proc. */
export function processUsage(pid: number): ProcessUsage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [, program = "", rest = ""] = /\((.*)\) (.*)$/s.exec(stat) ?? [];
    const fields = rest.split(" ").map(Number);
    const [parent = 0, userTicks = 0] = [fields[1], fields[11]];
    const [systemTicks = 0, pages = 0] = [fields[12], fields[21]];
    const cpuMs = (userTicks + systemTicks) * TICK_MS;
    return { program, parent, cpuMs, bytes: pages * PAGE_BYTES };
  } catch {
    return undefined;
  }
}
