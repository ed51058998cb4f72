/**
 * What the gateway adds to a call, decisions durable: the same calls directly, through it, and through a bridge
 * that keeps no record (mcp-proxy), taking turns; what an org carries; a gateway that keeps records (ContextForge);
 * rows a call; many streams at once.
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Gateway } from "../e2e/gateway/gateway.ts";
import { startBridged, startFixture } from "../e2e/gateway/node-process.ts";
import { openSession, type RawCall, RawClient } from "../e2e/gateway/raw-call.ts";
import { HttpClient } from "../harness/http-client.ts";
import type { Runtime } from "../harness/runtime.ts";
import { workerdBytes, workerdCpuMs } from "../harness/workerd-usage.ts";
import { benchContextForge } from "./contextforge-bench.ts";
import { type Figure, median } from "./figure.ts";
import { type Calls, CONNECTIONS, latencies } from "./gateway-latency.ts";
import { fullLoad, steadyLoad } from "./gateway-load.ts";

export const GATEWAY_BENCH = {
  entry: join(import.meta.dirname, "../harness/gateway-rows-worker.ts"),
  settings: { MCPG_ALLOW_LOOPBACK: "true" },
  hasPolicy: true,
};

const RATES = [1, 10, 100];
const RATE_SECONDS = 10;
const CAPACITY_SECONDS = 8;
const STREAMS = 500;
const STREAM_MS_MAX = 120_000;
const STDIO_SERVER = join(import.meta.dirname, "../e2e/gateway/fixture/stdio-server.ts");
const VERSION = "2026-07-28" as const;

export async function benchGateway(runtime: Runtime): Promise<Figure[]> {
  const client = new HttpClient(`${await runtime.directUrl()}/`, {
    connections: CONNECTIONS,
    isResending: true,
  });
  const gateway = await Gateway.open(client);
  const rough = await startFixture("rough-server");
  const bridge = await startBridged([STDIO_SERVER]);
  try {
    const { origin } = new URL(rough.url);
    const token = await gateway.token("user:bench@acme");
    const callTo = (url: string): RawCall => ({ url, token, version: VERSION, leaves: "never" });
    const calls: Calls = {
      direct: callTo(`${origin}/ok`),
      gateway: callTo(await gateway.register("bench", `${origin}/ok`)),
      // In a session, where it is faster.
      "mcp-proxy": {
        ...callTo(bridge.url),
        version: "2025-11-25",
        session: await openSession(bridge.url, token),
      },
    };
    const minute = callTo(await gateway.register("minute", `${origin}/minute`));
    return [
      ...(await latencies(gateway, calls)),
      ...(await farLedger(runtime, calls)),
      ...(await rows(runtime, gateway, calls.gateway)),
      ...(await capacity(calls)),
      ...(await benchContextForge(calls)),
      ...(await streams(minute)),
    ];
  } finally {
    await rough.process.end();
    await bridge.process.end();
    client.disconnect();
  }
}

/** From one continent to the next, about. */
const LEDGER_TRIP_MS = 100;
const FAR_LOAD = { perSecond: 20, seconds: 6 };

/** What it costs a call that its org's object is far from its caller: decisions wait for it. */
async function farLedger(runtime: Runtime, { gateway }: Calls): Promise<Figure[]> {
  const client = new RawClient(CONNECTIONS);
  const medianAt = async (tripMs: number) => {
    await runtime.json("GET", `/bench/ledger-trip?ms=${tripMs}`);
    return median((await steadyLoad(client, gateway, FAR_LOAD)).latenciesMs);
  };
  const [nearMs, farMs] = [await medianAt(0), await medianAt(LEDGER_TRIP_MS)];
  await runtime.json("GET", "/bench/ledger-trip?ms=0");
  client.close();
  const name = `an object ${LEDGER_TRIP_MS} ms away, added to a call, p50`;
  return [{ name, value: farMs - nearMs, unit: "ms" }];
}

interface Rows {
  rowsWritten: number;
}

async function rows(runtime: Runtime, gateway: Gateway, call: RawCall): Promise<Figure[]> {
  const figures: Figure[] = [];
  const client = new RawClient(CONNECTIONS);
  const ledgerRows = `/bench/ledger-rows?org=${gateway.org}`;
  for (const perSecond of RATES) {
    await runtime.json("GET", "/bench/rows");
    await runtime.json("GET", ledgerRows);
    const { answers } = await steadyLoad(client, call, { perSecond, seconds: RATE_SECONDS });
    // Completions and samples follow within a second.
    await delay(2_000);
    const d1 = await runtime.json<Rows>("GET", "/bench/rows");
    const ledger = await runtime.json<Rows>("GET", ledgerRows);
    const name = `rows written at ${perSecond} calls/s`;
    const unit = "/call";
    figures.push(
      { name: `${name}, D1`, value: d1.rowsWritten / answers.length, unit },
      { name: `${name}, ledger`, value: ledger.rowsWritten / answers.length, unit },
    );
  }
  client.close();
  return figures;
}

async function capacity(calls: Calls): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const place of ["direct", "gateway", "mcp-proxy"] as const) {
    const cpuBeforeMs = workerdCpuMs();
    const value = await fullLoad(calls[place], CONNECTIONS, CAPACITY_SECONDS);
    figures.push({ name: `as fast as 50 connections go, ${place}`, value, unit: "calls/s" });
    if (place !== "gateway") continue;
    const cpuMs = (workerdCpuMs() - cpuBeforeMs) / (value * CAPACITY_SECONDS);
    figures.push({ name: "  processor time of workerd", value: cpuMs, unit: "ms/call" });
  }
  return figures;
}

/** A minute each, an event a second. */
async function streams(call: RawCall): Promise<Figure[]> {
  const client = new RawClient(STREAMS, STREAM_MS_MAX);
  const bytes: number[] = [];
  const sampler = setInterval(() => bytes.push(workerdBytes()), 1_000);
  const answers = await Promise.all(Array.from({ length: STREAMS }, () => client.call(call)));
  clearInterval(sampler);
  client.close();
  const whole = answers.filter(({ code }) => code === null).length;
  const mebibytes = (from: number, to: number) =>
    median(bytes.slice(Math.floor(bytes.length * from), Math.ceil(bytes.length * to))) / 2 ** 20;
  return [
    { name: "500 streams for a minute, answered to their end", value: whole },
    { name: "  resident bytes of workerd, 10 to 20 s", value: mebibytes(0.17, 0.33), unit: "MiB" },
    { name: "  resident bytes of workerd, last 10 s", value: mebibytes(0.83, 1), unit: "MiB" },
  ];
}
