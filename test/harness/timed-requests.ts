/** Requests over several connections, each timed by itself. */
import type { Answer, HttpClient } from "./http-client.ts";

const REPORTING_CONNECTIONS = 4;

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
  client: HttpClient,
  requests: Iterable<TimedRequest>,
  connections: number,
): Promise<Timings> {
  const latenciesMs: number[] = [];
  const sizes: number[] = [];
  const iterator = requests[Symbol.iterator]();
  const connection = async () => {
    for (let { value, done } = iterator.next(); !done; { value, done } = iterator.next()) {
      const startedAt = performance.now();
      const answer = await client.send(value.method, value.path, { body: value.body });
      latenciesMs.push(performance.now() - startedAt);
      sizes.push(answer.body.length);
      requireSuccess(value, answer);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: connections }, connection));
  return { elapsedMs: performance.now() - startedAt, latenciesMs, sizes };
}

/** Milliseconds for the reports to be taken, over a few connections. */
export async function postReports(
  client: HttpClient,
  org: string,
  bodies: readonly string[],
): Promise<number> {
  const path = `/v1/orgs/${org}/invocations`;
  const requests = bodies.map((body) => ({ method: "POST", path, body }));
  return (await sendTimed(client, requests, REPORTING_CONNECTIONS)).elapsedMs;
}

function requireSuccess({ method, path }: TimedRequest, { status, body }: Answer): void {
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${body}`);
}
