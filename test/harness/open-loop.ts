/** Requests at a rate, each at its time, whether or not those before it have been answered. */
import { setTimeout as delay } from "node:timers/promises";

/** Resolves once all are answered. */
export async function openLoop(
  perSecond: number,
  count: number,
  send: (index: number) => Promise<unknown>,
): Promise<void> {
  const startedAt = performance.now();
  const sent: Promise<unknown>[] = [];
  for (let index = 0; index < count; index += 1) {
    await delay(Math.max(0, startedAt + (index * 1_000) / perSecond - performance.now()));
    sent.push(send(index));
  }
  await Promise.all(sent);
}
