/** The Worker's JavaScript heap while something runs, through the inspector. */
import type { Runtime } from "../harness/runtime.ts";

const SAMPLE_EVERY_MS = 20;

/** The largest used size seen; the isolate answers between its own turns, so a peak within one is missed. */
export async function peakHeapBytes(
  runtime: Runtime,
  work: () => Promise<unknown>,
): Promise<number> {
  const socket = new WebSocket(await runtime.inspectorUrl());
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", reject);
  });
  let peakBytes = 0;
  let id = 0;
  socket.addEventListener("message", ({ data }) => {
    const { result } = JSON.parse(String(data)) as { result?: { usedSize?: number } };
    peakBytes = Math.max(peakBytes, result?.usedSize ?? 0);
  });
  const ask = () => socket.send(JSON.stringify({ id: ++id, method: "Runtime.getHeapUsage" }));
  const timer = setInterval(ask, SAMPLE_EVERY_MS);
  await work().finally(() => clearInterval(timer));
  socket.close();
  return peakBytes;
}
