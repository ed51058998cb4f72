/** Another org at its daily work, a request at a time: how long it waits while somebody else sends the worst. */
import { setTimeout as delay } from "node:timers/promises";
import type { HttpClient } from "../../harness/http-client.ts";
import { makeLoadSample, randomSource, reportBody } from "../../harness/load.ts";
import type { WorstRequest } from "./worst-request.ts";

const ORG = "neighbour";
const ROOT = `/v1/orgs/${ORG}`;
const SAMPLES = 10;
const TOOLS = 50;
const PAUSE_MS = 15;
const EVERY_MS = 1_000;
const MEASURED_MS = 5_000;

export async function makeNeighbour(client: HttpClient): Promise<void> {
  await client.makeOrg(ORG);
  for (let request = 0; request < 30; request += 1) await ask(client, request);
}

/** Its p99 while nobody else is there. */
export async function measureIdle(client: HttpClient): Promise<number> {
  const overAt = performance.now() + MEASURED_MS;
  return p99(await latencies(client, () => performance.now() > overAt));
}

/** Its p99 while somebody sends the worst once a second, or where that takes longer as soon as it is answered. */
export async function besideWorst(
  client: HttpClient,
  { route, request }: { route: string; request: WorstRequest },
): Promise<number> {
  const [method = ""] = route.split(" ");
  const { path, body, headers } = request;
  // Made before: what this process is busy with, the other org would seem to wait for.
  const bodies = Array.from({ length: MEASURED_MS / EVERY_MS }, () => body?.());
  let isOver = false;
  const waits = latencies(client, () => isOver);
  const overAt = performance.now() + MEASURED_MS;
  for (const made of bodies) {
    const options = { ...(made !== undefined && { body: made }), ...(headers && { headers }) };
    await Promise.all([client.send(method.toUpperCase(), path, options), delay(EVERY_MS)]);
    if (performance.now() > overAt) break;
  }
  isOver = true;
  return p99(await waits);
}

/** Milliseconds of each request, one after the other, until `isOver`. */
async function latencies(client: HttpClient, isOver: () => boolean): Promise<number[]> {
  const latenciesMs: number[] = [];
  for (let request = 0; !isOver(); request += 1) {
    const startedAt = performance.now();
    await ask(client, request);
    latenciesMs.push(performance.now() - startedAt);
    await delay(PAUSE_MS);
  }
  return latenciesMs;
}

const random = randomSource(5);

async function ask(client: HttpClient, request: number): Promise<void> {
  if (request % 4 === 3) {
    await client.text("GET", `${ROOT}/rollups?limit=20`);
    return;
  }
  const samples = Array.from({ length: SAMPLES }, () =>
    makeLoadSample(Math.floor(random() * TOOLS), random),
  );
  await client.text("POST", `${ROOT}/invocations`, reportBody(samples));
}

function p99(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * 0.99)] ?? Number.NaN;
}
