/**
 * Whose a task is: its call waits by a key that names its principal. What this isolate has seen it remembers, so
 * that a poll costs no look-up, and one that comes after the task's end is still its owner's.
 */
import { isCallWaiting } from "#gateway/record/begin-call.ts";
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

export async function isOwnTask(x: Exchange, taskId: string): Promise<boolean> {
  const key = taskKey(x, taskId);
  if (!known.has(key) && !(await isCallWaiting(x.env, x.org, key))) return false;
  rememberTask(key);
  return true;
}
