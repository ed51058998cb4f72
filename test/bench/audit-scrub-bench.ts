/**
 * A pass of the scrubber over a large log: rows, time, processor time; and what reading costs that is proven on
 * the way out.
 */
import { join } from "node:path";
import type { Runtime } from "../harness/runtime.ts";
import { workerdBytes, workerdCpuMs } from "../harness/workerd-usage.ts";
import type { Figure } from "./figure.ts";
import { AUDIT_PATH, fill, ORG } from "./large-log.ts";

export const SCRUB_WORKER = join(import.meta.dirname, "../harness/scrubbed-ledger-worker.ts");

const POLL_MS = 250;

interface Rows {
  rowsRead: number;
  rowsWritten: number;
}

interface Status {
  tree_size: number;
  unsigned_entries: number;
  frozen: boolean;
  scrub: { last_full_pass: { completed_at: string } | null };
}

export async function benchScrub(runtime: Runtime, entries: number): Promise<Figure[]> {
  await runtime.makeOrg(ORG);
  const { figures } = await fill(runtime, entries);
  await signAll(runtime);
  const first = await pass(runtime, "first, no root known");
  const second = await pass(runtime, "second");
  return [...figures, ...first, ...second];
}

/** Of a large backlog a call signs a part at a time, and may outlast the client's patience. */
async function signAll(runtime: Runtime): Promise<void> {
  while ((await statusOf(runtime)).unsigned_entries > 0) {
    await runtime.send("POST", `${AUDIT_PATH}/checkpoint`).catch(() => undefined);
  }
}

async function pass(runtime: Runtime, name: string): Promise<Figure[]> {
  const rowsPath = `/bench/ledger-rows?org=${ORG}`;
  const before = (await statusOf(runtime)).scrub.last_full_pass?.completed_at;
  await runtime.json("GET", `/bench/scrub?org=${ORG}`);
  const startedAt = performance.now();
  const cpuBefore = workerdCpuMs();
  let bytesMax = workerdBytes();
  let status = await statusOf(runtime);
  while (status.scrub.last_full_pass?.completed_at === before) {
    if (status.frozen) throw new Error("the log froze");
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    bytesMax = Math.max(bytesMax, workerdBytes());
    status = await statusOf(runtime);
  }
  const [elapsedMs, cpuMs] = [performance.now() - startedAt, workerdCpuMs() - cpuBefore];
  const { rowsRead, rowsWritten } = await runtime.json<Rows>("GET", rowsPath);
  const size = status.tree_size;
  return [
    {
      name: `scrub of ${size.toLocaleString("en")} entries, ${name}`,
      value: elapsedMs / 1e3,
      unit: "s",
    },
    { name: "  processor time of workerd, polls included", value: cpuMs / 1e3, unit: "s" },
    { name: "  a thousand entries", value: cpuMs / (size / 1e3), unit: "ms" },
    { name: "  rows read", value: rowsRead / size, unit: "/entry" },
    { name: "  rows written", value: rowsWritten, unit: "rows" },
    { name: "  memory of workerd, at most", value: bytesMax / 1e6, unit: "MB" },
  ];
}

/** While a large backlog is signed, the object's one thread is busy for longer than a client waits. */
async function statusOf(runtime: Runtime): Promise<Status> {
  for (;;) {
    const status = await runtime.json<Status>("GET", `${AUDIT_PATH}/status`).catch(() => null);
    if (status !== null) return status;
  }
}
