/** What a call through the gateway writes, at three rates; and how many calls one org's object decides. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeAuditReports } from "../harness/audit-load.ts";
import type { LedgerRows } from "../harness/gateway-worker.ts";
import { openLoop } from "../harness/open-loop.ts";
import type { Runtime } from "../harness/runtime.ts";
import { sendTimed } from "../harness/timed-requests.ts";
import { type Figure, latencyFigures } from "./figure.ts";

export const GATEWAY_WORKER = join(import.meta.dirname, "../harness/gateway-worker.ts");
export const GATEWAY_CONNECTIONS = 50;
const RATES = [
  { perSecond: 1, seconds: 30 },
  { perSecond: 10, seconds: 15 },
  { perSecond: 100, seconds: 10 },
];
const CALL_MS = 20;
/** Until all that ended is in D1. */
const SETTLE_MS = 2_000;
const CALLS = 4_000;

interface Rows {
  ledger: LedgerRows;
  d1: { rowsRead: number; rowsWritten: number };
}

export async function benchGatewayRows(runtime: Runtime): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const rate of RATES) figures.push(...(await rowsAt(runtime, rate)));
  return [...figures, ...(await decisionsPerSecond(runtime))];
}

async function rowsAt(
  runtime: Runtime,
  { perSecond, seconds }: (typeof RATES)[number],
): Promise<Figure[]> {
  const org = `gateway-rows-${perSecond}`;
  await runtime.makeOrg(org);
  await runtime.json("POST", `/gateway/call?org=${org}`);
  await delay(SETTLE_MS);
  await runtime.json("GET", `/gateway/rows?org=${org}`);
  const calls = perSecond * seconds;
  await openLoop(perSecond, calls, () =>
    runtime.json("POST", `/gateway/call?org=${org}&ms=${CALL_MS}`),
  );
  await delay(SETTLE_MS);
  const { ledger, d1 } = await runtime.json<Rows>("GET", `/gateway/rows?org=${org}`);
  const unit = "/call";
  return [
    {
      name: `Rows written at ${perSecond} calls/s`,
      value: (ledger.written + ledger.alarms + d1.rowsWritten) / calls,
      unit,
    },
    { name: "  by the ledger", value: ledger.written / calls, unit },
    { name: "  alarms, each billed as a row", value: ledger.alarms / calls, unit },
    { name: "  by D1, until it is folded", value: d1.rowsWritten / calls, unit },
    { name: "  rows read by the ledger", value: ledger.read / calls, unit },
    { name: "  rows read by D1", value: d1.rowsRead / calls, unit },
  ];
}

async function decisionsPerSecond(runtime: Runtime): Promise<Figure[]> {
  const org = "gateway-capacity";
  await runtime.makeOrg(org);
  const path = `/gateway/call?org=${org}`;
  const call = (count: number) => Array.from({ length: count }, () => ({ method: "POST", path }));
  await sendTimed(runtime, call(500), GATEWAY_CONNECTIONS);
  const calls = await sendTimed(runtime, call(CALLS), GATEWAY_CONNECTIONS);
  const load = { hasEventIds: true, tracedShare: 1 };
  const events = makeAuditReports(CALLS, 1, load, 7).map((report) => ({
    method: "POST",
    path: `/v1/orgs/${org}/audit`,
    body: JSON.stringify(report),
  }));
  const appended = await sendTimed(runtime, events, GATEWAY_CONNECTIONS);
  const idle = Array.from({ length: CALLS }, () => ({ method: "GET", path: "/healthz" }));
  const floor = await sendTimed(runtime, idle, GATEWAY_CONNECTIONS);
  const perSecond = ({ elapsedMs }: { elapsedMs: number }) => (CALLS * 1e3) / elapsedMs;
  return [
    { name: "Calls of one org, 50 connections", value: perSecond(calls), unit: "calls/s" },
    ...latencyFigures("  until decided", calls.latenciesMs),
    { name: "  POST …/audit, 1 event a request", value: perSecond(appended), unit: "requests/s" },
    ...latencyFigures("  its latency", appended.latenciesMs),
    { name: "  GET /healthz", value: perSecond(floor), unit: "requests/s" },
    ...latencyFigures("  its latency", floor.latenciesMs),
  ];
}
