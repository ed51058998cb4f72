/** Where the Worker's time goes while something runs: V8's sampling profiler, through the inspector. */
import type { Runtime } from "../harness/runtime.ts";

const INTERVAL_US = 200;

interface ProfileNode {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
}

interface CpuProfile {
  nodes: ProfileNode[];
  samples: number[];
  timeDeltas: number[];
}

/** Milliseconds by function, of its own. */
export async function selfTimesMs(
  runtime: Runtime,
  work: () => Promise<unknown>,
): Promise<Map<string, number>> {
  const socket = new WebSocket(await runtime.inspectorUrl());
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", reject);
  });
  const command = commander(socket);
  await command("Profiler.enable");
  await command("Profiler.setSamplingInterval", { interval: INTERVAL_US });
  await command("Profiler.start");
  await work();
  const { profile } = await command<{ profile: CpuProfile }>("Profiler.stop");
  socket.close();
  return sumByFunction(profile);
}

function commander(socket: WebSocket) {
  const waiting = new Map<number, (result: unknown) => void>();
  socket.addEventListener("message", ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: unknown };
    if (id !== undefined) waiting.get(id)?.(result);
  });
  let lastId = 0;
  return <Result>(method: string, params: object = {}) => {
    lastId += 1;
    socket.send(JSON.stringify({ id: lastId, method, params }));
    return new Promise<Result>((resolve) => waiting.set(lastId, resolve as (r: unknown) => void));
  };
}

function sumByFunction({ nodes, samples, timeDeltas }: CpuProfile): Map<string, number> {
  const names = new Map(
    nodes.map(({ id, callFrame }) => [
      id,
      `${callFrame.functionName || "(anonymous)"} :${callFrame.lineNumber + 1}`,
    ]),
  );
  const sums = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? "?";
    sums.set(name, (sums.get(name) ?? 0) + (timeDeltas[index] ?? 0) / 1e3);
  }
  return new Map([...sums].sort(([, a], [, b]) => b - a));
}
