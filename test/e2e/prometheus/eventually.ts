import { setTimeout as sleep } from "node:timers/promises";

const PAUSE_MS = 200;

/** Asks until the answer satisfies or time is up, and returns the last answer either way: the caller checks it. */
export async function eventually<Answer>(
  ask: () => Promise<Answer>,
  isDone: (answer: Answer) => boolean,
  timeoutMs = 15_000,
): Promise<Answer> {
  const overAtMs = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (isDone(answer) || performance.now() >= overAtMs) return answer;
    await sleep(PAUSE_MS);
  }
}
