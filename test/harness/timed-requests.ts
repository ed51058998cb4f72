/** Requests over several connections, each timed by itself. */
import type { Answer, Runtime } from "./runtime.ts";

export interface TimedRequest {
  method: string;
  path: string;
  body?: string;
}

export interface Timings {
  elapsedMs: number;
  latenciesMs: number[];
  /** Bytes of each answer's body. */
  sizes: number[];
}

/** An iterator's requests are made when they are due, so that they need not fit in memory. */
export async function sendTimed(
  runtime: Runtime,
  requests: Iterable<TimedRequest>,
  connections: number,
): Promise<Timings> {
  const latenciesMs: number[] = [];
  const sizes: number[] = [];
  const iterator = requests[Symbol.iterator]();
  const connection = async () => {
    for (let { value, done } = iterator.next(); !done; { value, done } = iterator.next()) {
      const startedAt = performance.now();
      const answer = await runtime.call(value.method, value.path, value.body);
      latenciesMs.push(performance.now() - startedAt);
      sizes.push(answer.body.length);
      requireSuccess(value, answer);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: connections }, connection));
  return { elapsedMs: performance.now() - startedAt, latenciesMs, sizes };
}

function requireSuccess({ method, path }: TimedRequest, { status, body }: Answer): void {
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${body}`);
}
