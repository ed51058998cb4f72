/** The Worker with tracing settings, and requests to it whose time is taken. */
import { join } from "node:path";
import { Runtime } from "../../harness/runtime.ts";
import { sendTimed } from "../../harness/timed-requests.ts";

export interface TracingOptions {
  /** Of a collector; null for none. */
  endpoint: string | null;
  /** Default 1. */
  sampleRate?: number;
}

export function startTracing({ endpoint, sampleRate = 1 }: TracingOptions): Promise<Runtime> {
  const traces = { enabled: true, otlp: { endpoint, headers: {}, sample_rate: sampleRate } };
  return Runtime.start({
    entry: join(import.meta.dirname, "tracing-worker.ts"),
    settings: endpoint === null ? {} : { OBSERVABILITY: JSON.stringify({ traces }) },
    connections: 16,
    hasInspector: true,
    // Of spans that are meant to be lost.
    isSilent: true,
  });
}

/** Milliseconds of each of so many GETs over that many connections. Rejects if one is not answered well. */
export async function getMany(
  runtime: Runtime,
  path: string,
  count: number,
  connections = 8,
): Promise<number[]> {
  const requests = Array.from({ length: count }, () => ({ method: "GET", path }));
  return (await sendTimed(runtime, requests, connections)).latenciesMs;
}
