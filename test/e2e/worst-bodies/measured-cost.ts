/** What one request costs the process that answers it: of Linux, as /proc tells it. */
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { Inspector } from "../../harness/inspector.ts";
import type { Runtime } from "../../harness/runtime.ts";
import { workerdCpuMs, workerdPid } from "../../harness/workerd-usage.ts";
import type { WorstRequest } from "./worst-request.ts";

export interface Cost {
  status: number;
  /** Processor time, of whatever the process did: Worker, database and ledger are one here. */
  cpuMs: number;
  elapsedMs: number;
  /** The Worker's JavaScript heap, the largest that was seen between its turns. */
  heapMb: number;
  /** How far resident memory of the process rose, at its peak, above where it stood before. */
  residentMb: number;
}

const MB = 1e6;
const HEAP_EVERY_MS = 20;
/** The isolate may be asleep. */
const COLLECTING_MS_MAX = 300;
/** Forgets the peak of resident memory (proc(5), clear_refs). */
const RESET_PEAK = "5";

export class CostMeter {
  readonly #runtime: Runtime;
  readonly #inspector: Inspector;
  readonly #pid = workerdPid();
  readonly #timer: NodeJS.Timeout;
  #heapBytes = 0;

  private constructor(runtime: Runtime, inspector: Inspector) {
    this.#runtime = runtime;
    this.#inspector = inspector;
    this.#timer = setInterval(() => void this.#sampleHeap(), HEAP_EVERY_MS);
  }

  static async start(runtime: Runtime): Promise<CostMeter> {
    return new CostMeter(runtime, await Inspector.connect(await runtime.inspectorUrl()));
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#inspector.close();
  }

  async costOf(method: string, { path, body, headers }: WorstRequest): Promise<Cost> {
    const sent = { ...(body !== undefined && { body: body() }), ...(headers && { headers }) };
    await this.#collectGarbage();
    writeFileSync(`/proc/${this.#pid}/clear_refs`, RESET_PEAK);
    this.#heapBytes = 0;
    const [cpuMs, bytes] = [workerdCpuMs(), this.#residentBytes("VmRSS")];
    const startedAt = performance.now();
    const { status } = await this.#runtime.send(method.toUpperCase(), path, sent);
    const elapsedMs = performance.now() - startedAt;
    await this.#sampleHeap();
    return {
      status,
      elapsedMs,
      cpuMs: workerdCpuMs() - cpuMs,
      heapMb: this.#heapBytes / MB,
      residentMb: (this.#residentBytes("VmHWM") - bytes) / MB,
    };
  }

  /** What the request before has left is not this one's. */
  async #collectGarbage(): Promise<void> {
    const collected = this.#inspector.ask("HeapProfiler.collectGarbage");
    await Promise.race([collected, delay(COLLECTING_MS_MAX)]);
  }

  async #sampleHeap(): Promise<void> {
    const usage = await this.#inspector.ask<{ usedSize: number }>("Runtime.getHeapUsage");
    this.#heapBytes = Math.max(this.#heapBytes, usage?.usedSize ?? 0);
  }

  #residentBytes(field: "VmRSS" | "VmHWM"): number {
    const status = readFileSync(`/proc/${this.#pid}/status`, "utf8");
    return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1_024;
  }
}
