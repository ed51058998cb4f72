/** The same calls through ContextForge: what it carries, and both gateways at the greatest of the rates that it does. */
import { type RawCall, RawClient } from "../e2e/gateway/raw-call.ts";
import { ContextForge } from "./contextforge.ts";
import type { Figure } from "./figure.ts";
import { type Calls, CONNECTIONS, timeInTurns, turnFigures } from "./gateway-latency.ts";
import { fullLoad } from "./gateway-load.ts";

const RATES = [100, 20, 5];
/** Nearer to what it carries, calls queue, and the machine's moods decide. */
const SHARE_OF_CAPACITY_MAX = 0.7;
const CAPACITY_SECONDS = 8;
const WARM_CALLS = 10;
/** A round: three of them have a p99. */
const CALLS_MIN = 60;
const SECONDS_MIN = 6;

type Compared = Record<"direct" | "gateway" | "contextforge", RawCall>;

/** What goes wrong there, said aloud, does not cost our own figures. */
export async function benchContextForge(calls: Calls): Promise<Figure[]> {
  let peer: ContextForge | undefined;
  try {
    peer = await ContextForge.start();
    return peer === undefined ? [] : await measure(peer, calls);
  } catch (error) {
    console.log(`CONTEXTFORGE FAILED: ${(error as Error).message}`);
    return [];
  } finally {
    await peer?.end();
  }
}

async function measure(peer: ContextForge, { direct, gateway }: Calls): Promise<Figure[]> {
  const { figures, call, carried } = await capacity(peer, direct);
  const rates = RATES.filter((rate) => rate <= carried * SHARE_OF_CAPACITY_MAX);
  return [...figures, ...(await compare({ direct, gateway, contextforge: call }, rates))];
}

/** At the first rate at which no call fails. */
async function compare(calls: Compared, [perSecond, ...slower]: number[]): Promise<Figure[]> {
  if (perSecond === undefined) return [];
  const seconds = Math.max(SECONDS_MIN, CALLS_MIN / perSecond);
  try {
    const rates = { warm: { perSecond, seconds: 2 }, steady: { perSecond, seconds } };
    const elapsed = await timeInTurns(calls, rates);
    return turnFigures(`a call, ${perSecond}/s over ${CONNECTIONS} connections`, elapsed);
  } catch (error) {
    console.log(
      `No comparison at ${perSecond} calls/s, a call failed: ${(error as Error).message}`,
    );
    return compare(calls, slower);
  }
}

async function capacity(peer: ContextForge, { url: upstream }: Calls["direct"]) {
  const call = await peer.register(upstream, "work");
  const client = new RawClient(1);
  for (let warm = 0; warm < WARM_CALLS; warm += 1) await client.call(call);
  client.close();
  const [cpuBeforeMs, startedAt] = [peer.cpuMs, performance.now()];
  const carried = await fullLoad(call, CONNECTIONS, CAPACITY_SECONDS);
  const done = (carried * (performance.now() - startedAt)) / 1e3;
  const cpuMs = (peer.cpuMs - cpuBeforeMs) / done;
  const name = `as fast as ${CONNECTIONS} connections go, contextforge ${peer.version}`;
  const figures: Figure[] = [
    { name, value: carried, unit: "calls/s" },
    { name: "  its processor time", value: cpuMs, unit: "ms/call" },
  ];
  return { figures, call, carried };
}
