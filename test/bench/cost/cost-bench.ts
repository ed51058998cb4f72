/**
 * What calls cost, all in: traffic is played to the Worker, and all that is billed for is counted by part. With
 * `--before=<folder>` to the Worker of another checkout as well, in the same run.
 */
import { join } from "node:path";
import { PARTS } from "../../harness/cost/parts.ts";
import { usdPerMillionCalls } from "../../harness/cost/prices.ts";
import { type Played, usePerCall } from "../../harness/cost/use.ts";
import { Runtime } from "../../harness/runtime.ts";
import type { Figure } from "../figure.ts";
import { costTable } from "./cost-table.ts";
import { playCalls } from "./play-calls.ts";
import { playGateway } from "./play-gateway.ts";
import { playLedger } from "./play-ledger.ts";
import { nameOf, type Scenario } from "./scenario.ts";

const COST_WORKER = join(import.meta.dirname, "../../harness/cost/cost-worker.ts");

export async function benchCost(scenario: Scenario, before?: string): Promise<Figure[]> {
  const name = nameOf(scenario);
  const compared = {
    ...(before !== undefined && { before: await playIn(before, scenario) }),
    now: await playIn(".", scenario),
  };
  console.log(`${costTable(name, compared)}\n`);
  return [
    ...(compared.before === undefined ? [] : figuresOf(`${name}, before`, compared.before)),
    ...figuresOf(name, compared.now),
  ];
}

async function playIn(checkout: string, scenario: Scenario): Promise<Played> {
  const runtime = await Runtime.start({ entry: COST_WORKER, checkout });
  try {
    if (scenario.kind === "calls") return await playCalls(runtime, scenario);
    if (scenario.kind === "ledger") return await playLedger(runtime, scenario);
    return await playGateway(runtime, scenario);
  } finally {
    await runtime.stop();
  }
}

function figuresOf(name: string, played: Played): Figure[] {
  const { calls, parts } = played;
  const use = usePerCall(played);
  const usd = usdPerMillionCalls(use);
  const written = PARTS.filter((part) => parts[part].rowsWritten > 0).map((part) => ({
    name: `${name}: rows written, ${part}`,
    value: parts[part].rowsWritten / calls,
    unit: "/call",
  }));
  return [
    ...written,
    { name: `${name}: rows written`, value: use.rowsWritten, unit: "/call" },
    { name: `${name}: rows read`, value: use.rowsRead, unit: "/call" },
    { name: `${name}: requests`, value: use.requests, unit: "/call" },
    { name: `${name}: object requests`, value: use.objectRequests, unit: "/call" },
    { name: `${name}: processor time`, value: use.cpuMs * 1e3, unit: "µs/call" },
    {
      name: `${name}: all`,
      value: Object.values(usd).reduce((sum, one) => sum + one, 0),
      unit: "$/million calls",
    },
  ];
}
