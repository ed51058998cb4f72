/** The Worker's JavaScript heap, after a collection, through the inspector. */

/** The inspector answers between turns of the isolate, so something must keep it turning. */
const POKE_EVERY_MS = 50;
const ANSWER_MS_MAX = 5_000;
const ATTEMPTS_MAX = 5;

export async function usedHeapBytes(
  inspectorUrl: string,
  poke: () => Promise<unknown>,
): Promise<number> {
  // One that is still under way when the runtime stops is not answered, and need not be.
  const timer = setInterval(() => void poke().catch(() => undefined), POKE_EVERY_MS);
  try {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const bytes = await usedHeapOnce(inspectorUrl);
      if (bytes !== null) return bytes;
    }
  } finally {
    clearInterval(timer);
  }
  throw new Error("the inspector does not answer");
}

function usedHeapOnce(inspectorUrl: string): Promise<number | null> {
  const socket = new WebSocket(inspectorUrl);
  const ask = (id: number, method: string) => socket.send(JSON.stringify({ id, method }));
  return new Promise<number | null>((resolve) => {
    const timer = setTimeout(() => resolve(null), ANSWER_MS_MAX);
    socket.addEventListener("open", () => ask(1, "HeapProfiler.collectGarbage"));
    socket.addEventListener("error", () => resolve(null));
    socket.addEventListener("message", ({ data }) => {
      const { id, result } = JSON.parse(String(data)) as {
        id?: number;
        result?: { usedSize?: number };
      };
      if (id === 1) ask(2, "Runtime.getHeapUsage");
      if (id !== 2) return;
      clearTimeout(timer);
      resolve(result?.usedSize ?? null);
    });
  }).finally(() => socket.close());
}
