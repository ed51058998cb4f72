/** Calls at a steady rate, each timed from when it was due: a caller that waits does not slow the next one. */
import { setTimeout as delay } from "node:timers/promises";
import { type RawAnswer, type RawCall, RawClient } from "../e2e/gateway/raw-call.ts";

export interface Load {
  latenciesMs: number[];
  answers: RawAnswer[];
}

/** Late timers send what is due at once. */
export async function steadyLoad(
  client: RawClient,
  call: RawCall,
  { perSecond, seconds }: { perSecond: number; seconds: number },
): Promise<Load> {
  const latenciesMs: number[] = [];
  const startedAt = performance.now();
  const calls = Array.from({ length: perSecond * seconds }, async (_, number) => {
    const dueMs = startedAt + (number / perSecond) * 1e3;
    await delay(Math.max(0, dueMs - performance.now()));
    const sentAt = performance.now();
    const answer = await client.call(call);
    latenciesMs.push(performance.now() - sentAt);
    if (answer.code !== null)
      throw new Error(`a call was answered ${answer.status}, ${answer.code}`);
    return answer;
  });
  return { latenciesMs, answers: await Promise.all(calls) };
}

/** As many as the connections carry; what fails, or is not answered in time, counts as none. */
export async function fullLoad(
  call: RawCall,
  connections: number,
  seconds: number,
): Promise<number> {
  const client = new RawClient(connections);
  const startedAt = performance.now();
  const overAt = startedAt + seconds * 1e3;
  let done = 0;
  const connection = async () => {
    while (performance.now() < overAt) {
      const code = await client.call(call).then(
        (answer) => answer.code,
        () => undefined,
      );
      if (code === null) done += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  client.close();
  // The last ones are awaited, which takes a slow place longer than it was given.
  return done / ((performance.now() - startedAt) / 1e3);
}
