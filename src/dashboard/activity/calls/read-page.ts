/** A page of an export. */
import type { CallPage } from "#dashboard/activity/answers.ts";
import type { Problem } from "#dashboard/api/problem.ts";
import { request } from "#dashboard/api/request.ts";

export class ExportStopped extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.title);
    this.problem = problem;
  }
}

const TRIES_MAX = 4;
const WAIT_SECONDS_USUAL = 2;

/** An answer that says when to come again is asked again. Throws ExportStopped, or what the signal aborts with. */
export async function readPage(path: string, signal: AbortSignal): Promise<CallPage> {
  for (let tries = 1; ; tries++) {
    const reply = await request<CallPage>(path, { signal });
    if (reply.ok) return reply.data;
    const mayPass = [0, 429, 503].includes(reply.problem.status);
    if (!mayPass || tries >= TRIES_MAX) throw new ExportStopped(reply.problem);
    await wait(reply.problem.retryAfterSeconds ?? WAIT_SECONDS_USUAL, signal);
  }
}

function wait(seconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, seconds * 1000);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    reject(signal.reason);
  });
  return promise;
}
