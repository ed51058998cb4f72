/**
 * Whose a task is: its call waits by a key that names its principal. What this isolate has seen it remembers, so
 * that a poll costs no look-up, and one that comes after the task's end is still its owner's.
 */
import { waitingKeys } from "#gateway/record/begin-call.ts";
import { taskKey } from "./call-keys.ts";
import type { Exchange } from "./exchange.ts";

/** Of 64 characters each; which was seen longest ago makes room. */
const TASKS_MAX = 8_192;

const known = new Set<string>();

export function rememberTask(key: string): void {
  known.delete(key);
  const [oldest] = known;
  if (known.size >= TASKS_MAX && oldest !== undefined) known.delete(oldest);
  known.add(key);
}

/** Nothing is taken over of a call that waits: several of its owner's may ask at once. */
export async function ownTasks(
  x: Exchange,
  taskIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const asked = taskIds.map((taskId) => ({ taskId, key: taskKey(x, taskId) }));
  const isKnown = asked.filter(({ key }) => known.has(key));
  const others = asked.filter(({ key }) => !known.has(key));
  const keys = others.map(({ key }) => key);
  const waiting = keys.length === 0 ? null : await waitingKeys(x.env, x.org, keys);
  const own = [...isKnown, ...others.filter(({ key }) => waiting?.has(key))];
  for (const { key } of own) rememberTask(key);
  return new Set(own.map(({ taskId }) => taskId));
}
