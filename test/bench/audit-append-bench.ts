/**
 * Appends to the audit ledger, against node:sqlite inserting the same events into the same schema, and against
 * Tessera appending the entries that they become.
 */
import { type AuditLoad, type AuditReport, makeAuditReports } from "../harness/audit-load.ts";
import type { Runtime } from "../harness/runtime.ts";
import { sendTimed, type TimedRequest } from "../harness/timed-requests.ts";
import { workerdCpuMs } from "../harness/workerd-usage.ts";
import { type Figure, latencyFigures, median } from "./figure.ts";
import { appendRaw } from "./raw-ledger.ts";
import { TesseraPeer } from "./tessera/tessera-peer.ts";

export const APPEND_CONNECTIONS = 32;
const ORG = "audit-bench";
const ROUNDS = 5;
const LARGE = { requests: 80, events: 256, connections: 4 };
const SMALL = { requests: 4_000, events: 1, connections: APPEND_CONNECTIONS };
type Shape = typeof LARGE;

const LOADS: Record<string, AuditLoad> = {
  "ids made by us, half traced": { hasEventIds: false, tracedShare: 0.5 },
  "UUIDv7 given, half traced": { hasEventIds: true, tracedShare: 0.5 },
  "UUIDv7 given, all traced": { hasEventIds: true, tracedShare: 1 },
};

export async function benchAuditAppend(runtime: Runtime): Promise<Figure[]> {
  const tessera = await TesseraPeer.orSkip();
  await runtime.makeOrg(ORG);
  const warmUp = makeAuditReports(20, LARGE.events, { hasEventIds: true, tracedShare: 1 }, 99);
  await send(runtime, warmUp, LARGE);
  const figures: Figure[] = [];
  for (const [name, load] of Object.entries(LOADS)) {
    figures.push(...(await appendLarge(runtime, { name, load, tessera })));
  }
  return [...figures, ...(await appendSingle(runtime))];
}

interface ComparedLoad {
  name: string;
  load: AuditLoad;
  tessera: TesseraPeer | undefined;
}

/** Ours and the baselines alternate, so that all see the same machine. */
async function appendLarge(
  runtime: Runtime,
  { name, load, tessera }: ComparedLoad,
): Promise<Figure[]> {
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const reports = makeAuditReports(LARGE.requests, LARGE.events, load, round);
    const cpuBeforeMs = workerdCpuMs();
    const { elapsedMs } = await send(runtime, reports, LARGE);
    const cpuMs = workerdCpuMs() - cpuBeforeMs;
    const raw = await appendRaw(ORG, reports);
    await tessera?.round(ORG, reports, LARGE);
    rounds.push({
      ours: perSecond(LARGE, elapsedMs),
      raw: perSecond(LARGE, raw.elapsedMs),
      cpuMs,
      rawCpuMs: raw.cpuMs,
    });
  }
  const ours = rounds.map((round) => round.ours);
  const cpuUs = (cpuMs: number) => (cpuMs * 1e3) / (LARGE.requests * LARGE.events);
  const ratio = median(rounds.map((round) => round.ours / round.raw));
  const cpu = median(rounds.map(({ cpuMs }) => cpuUs(cpuMs)));
  const rawCpu = median(rounds.map(({ rawCpuMs }) => cpuUs(rawCpuMs)));
  const unit = "events/s";
  return [
    { name: `append, 256 a request, ${name} (target ≥ 15,000)`, value: median(ours), unit },
    { name: "  slowest round", value: Math.min(...ours), unit },
    { name: "  fastest round", value: Math.max(...ours), unit },
    {
      name: "  raw node:sqlite, same rows and hashes",
      value: median(rounds.map(({ raw }) => raw)),
      unit,
    },
    { name: "  ratio (target ≥ 0.25)", value: ratio },
    { name: "  processor time, all threads of the runtime", value: cpu, unit: "µs/event" },
    { name: "  processor time of raw node:sqlite", value: rawCpu, unit: "µs/event" },
    ...(tessera?.figures() ?? []),
  ];
}

interface Round {
  ours: number;
  raw: number;
  cpuMs: number;
  rawCpuMs: number;
}

/** Its floor is a request that does nothing, over as many connections. */
async function appendSingle(runtime: Runtime): Promise<Figure[]> {
  const load = { hasEventIds: true, tracedShare: 0.5 };
  const reports = makeAuditReports(SMALL.requests, SMALL.events, load, 7);
  await send(runtime, makeAuditReports(500, SMALL.events, load, 8), SMALL);
  const ours = await send(runtime, reports, SMALL);
  const raw = await appendRaw(ORG, reports);
  const idle = Array.from({ length: SMALL.requests }, () => ({ method: "GET", path: "/healthz" }));
  const floor = await sendTimed(runtime, idle, SMALL.connections);
  const unit = "requests/s";
  return [
    { name: "append, 1 a request, 32 connections", value: perSecond(SMALL, ours.elapsedMs), unit },
    ...latencyFigures("  latency", ours.latenciesMs),
    { name: "  GET /healthz, 32 connections", value: perSecond(SMALL, floor.elapsedMs), unit },
    ...latencyFigures("  its latency", floor.latenciesMs),
    { name: "  raw node:sqlite, 1 a transaction", value: perSecond(SMALL, raw.elapsedMs), unit },
  ];
}

function perSecond({ requests, events }: Shape, elapsedMs: number): number {
  return (requests * events * 1e3) / elapsedMs;
}

function send(runtime: Runtime, reports: readonly AuditReport[], { connections }: Shape) {
  const path = `/v1/orgs/${ORG}/audit`;
  const requests = reports.map(
    (report): TimedRequest => ({ method: "POST", path, body: JSON.stringify(report) }),
  );
  return sendTimed(runtime, requests, connections);
}
