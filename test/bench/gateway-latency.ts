/** Calls at a steady rate, places taking turns, so that what slows the machine slows them all. */
import type { Gateway } from "../e2e/gateway/gateway.ts";
import { type RawCall, RawClient } from "../e2e/gateway/raw-call.ts";
import { type Figure, latencyFigures, median, quantile } from "./figure.ts";
import { steadyLoad } from "./gateway-load.ts";

export const CONNECTIONS = 50;
const ROUNDS = 3;
const STEADY = { perSecond: 100, seconds: 6 };
const WARM = { perSecond: 50, seconds: 2 };
const COMMITS = 40;

export type Calls = Record<"direct" | "gateway" | "mcp-proxy", RawCall>;

export async function latencies(gateway: Gateway, calls: Calls): Promise<Figure[]> {
  const elapsed = await timeInTurns(calls, { warm: WARM, steady: STEADY });
  const commitMs = await timeCommits(gateway);
  const added = quantile(elapsed.gateway, 0.5) - quantile(elapsed.direct, 0.5);
  return [
    { name: "an append to the ledger by HTTP, p50", value: median(commitMs), unit: "ms" },
    ...turnFigures(`a call, ${STEADY.perSecond}/s over ${CONNECTIONS} connections`, elapsed),
    { name: "  p50 beyond a commit (target ≤ 3)", value: added - median(commitMs), unit: "ms" },
  ];
}

interface Rate {
  perSecond: number;
  seconds: number;
}

export async function timeInTurns<Place extends string>(
  calls: Record<Place, RawCall>,
  { warm, steady }: { warm: Rate; steady: Rate },
): Promise<Record<Place, number[]>> {
  const client = new RawClient(CONNECTIONS);
  const places = Object.keys(calls) as Place[];
  const elapsed = Object.fromEntries(places.map((place) => [place, []])) as unknown as Record<
    Place,
    number[]
  >;
  try {
    for (const place of places) await steadyLoad(client, calls[place], warm);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const place of places) {
        elapsed[place].push(...(await steadyLoad(client, calls[place], steady)).latenciesMs);
      }
    }
    return elapsed;
  } finally {
    client.close();
  }
}

/** Each place's, and what each but the direct one adds. */
export function turnFigures(
  name: string,
  elapsed: Record<string, number[]> & { direct: number[] },
): Figure[] {
  const added = (place: string, share: number) =>
    quantile(elapsed[place] ?? [], share) - quantile(elapsed.direct, share);
  const places = Object.entries(elapsed);
  return [
    ...places.flatMap(([place, ms]) => latencyFigures(`${name}, ${place}`, ms)),
    ...places.slice(1).flatMap(([place]) => [
      { name: `  added by ${place}, p50`, value: added(place, 0.5), unit: "ms" },
      { name: `  added by ${place}, p99`, value: added(place, 0.99), unit: "ms" },
    ]),
  ];
}

/** One event each, nothing else under way: the commit that a decision waits for, and a request. */
async function timeCommits({ client, path }: Gateway): Promise<number[]> {
  const elapsedMs: number[] = [];
  for (let commit = 0; commit < COMMITS; commit += 1) {
    const event = { actor: "user:bench@acme", action: "tool.call.allowed", outcome: "allowed" };
    const startedAt = performance.now();
    await client.json("POST", `${path}/audit`, { instance_id: "bench", events: [event] });
    elapsedMs.push(performance.now() - startedAt);
  }
  return elapsedMs;
}
