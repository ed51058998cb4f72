/** What a process started, and where all of that listens: by /proc, as there is in every Linux. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

/** Of `/proc/net/tcp`. */
const LISTENS = "0A";

export interface Process {
  pid: number;
  /** The program, or what Node runs: `workerd`, `runtime-process.ts`. */
  name: string;
}

/** Itself first, then its children and theirs. */
export function processTree(root: number): Process[] {
  const children = new Map<number, number[]>();
  for (const pid of pids()) {
    const parent = parentOf(pid);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found: number[] = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found.filter(isAlive).map((pid) => ({ pid, name: nameOf(pid) }));
}

export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

export interface Listener {
  name: string;
  address: string;
  port: number;
}

export function listenersOf(processes: readonly Process[]): Listener[] {
  const sockets = listeningSockets();
  return processes.flatMap(({ pid, name }) =>
    descriptorsOf(pid).flatMap((target) => {
      const socket = sockets.get(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? "");
      return socket === undefined ? [] : [{ name, ...socket }];
    }),
  );
}

/** By inode. An address is as the kernel writes it: `0100007F` is 127.0.0.1. */
function listeningSockets(): Map<string, { address: string; port: number }> {
  const rows = ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, "utf8").trim().split("\n").slice(1),
  );
  const sockets = rows.map((row) => row.trim().split(/\s+/));
  const listening = sockets.filter(([, , , state]) => state === LISTENS);
  return new Map(
    listening.map((fields) => {
      const [address = "", port = ""] = fields[1]?.split(":") ?? [];
      return [fields[9] ?? "", { address, port: Number.parseInt(port, 16) }];
    }),
  );
}

function descriptorsOf(pid: number): string[] {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).map((name) => readlinkSync(`${folder}/${name}`));
  } catch {
    // Gone meanwhile.
    return [];
  }
}

function pids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    return Number.NaN;
  }
}

function nameOf(pid: number): string {
  try {
    const [program = "", script = ""] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return basename(basename(program) === "node" ? script : program);
  } catch {
    return "";
  }
}
