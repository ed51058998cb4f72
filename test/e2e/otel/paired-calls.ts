/** Calls with spans on both sides, and the batches that their collectors make of them. */
import { encodeTraces } from "#formats/otlp/encode-traces.ts";
import type { Attributes, ResourceSpans, Span } from "#formats/otlp/trace-model.ts";
import { hex } from "../../harness/load.ts";

type Fate = "both" | "late" | "client" | "server";

export interface PairedCall {
  fate: Fate;
  hasFailed: boolean;
  caller: Span[];
  server: Span[];
}

export interface Batch {
  /** From the beginning of the sending on. */
  atMs: number;
  copies: number;
  body: Uint8Array;
}

const SHARES: readonly (readonly [Fate, number])[] = [
  ["late", 0.05],
  ["client", 0.05],
  ["server", 0.05],
];
const FAILED_SHARE = 0.2;
const HTTP_SHARE = 0.5;
/** Of calls in a trace, as of an agent's session: each of another tool. */
const SESSION_CALLS = 4;
const BATCH_SPANS_MAX = 200;
const DOUBLED_SHARE = 0.1;

export function pairedCalls(count: number, random: () => number): PairedCall[] {
  let traceId = "";
  return Array.from({ length: count }, (_, index) => {
    if (index % SESSION_CALLS === 0) traceId = hex(16);
    return pairedCall(traceId, index, random);
  });
}

function fateOf(random: () => number): Fate {
  let left = random();
  for (const [fate, share] of SHARES) {
    left -= share;
    if (left < 0) return fate;
  }
  return "both";
}

function pairedCall(traceId: string, index: number, random: () => number): PairedCall {
  const fate = fateOf(random);
  const hasFailed = random() < FAILED_SHARE;
  const tool = `tool_${index % SESSION_CALLS}`;
  const startMs = Date.now() - 500;
  const client = spanOf({ traceId, parentSpanId: null, kind: 3, startMs, durationMs: 400, tool });
  const isHttp = random() < HTTP_SHARE;
  const out = spanOf({
    traceId,
    parentSpanId: client.spanId,
    kind: 3,
    startMs: startMs + 10,
    durationMs: 380,
  });
  const into = spanOf({
    traceId,
    parentSpanId: out.spanId,
    kind: 2,
    startMs: startMs + 20,
    durationMs: 360,
  });
  const parentSpanId = isHttp ? into.spanId : client.spanId;
  const server = spanOf({
    traceId,
    parentSpanId,
    kind: 2,
    startMs: startMs + 30,
    durationMs: 340,
    tool,
    hasFailed,
  });
  return {
    fate,
    hasFailed,
    caller: fate === "server" ? [] : isHttp ? [out, client] : [client],
    server: fate === "client" ? [] : isHttp ? [server, into] : [server],
  };
}

interface Made {
  traceId: string;
  parentSpanId: string | null;
  kind: number;
  startMs: number;
  durationMs: number;
  /** None of HTTP's. */
  tool?: string;
  hasFailed?: boolean;
}

function spanOf({ traceId, parentSpanId, kind, startMs, durationMs, tool, hasFailed }: Made): Span {
  const call = { "mcp.method.name": "tools/call", "gen_ai.tool.name": tool ?? "" };
  const attributes = tool === undefined ? { "http.request.method": "POST" } : call;
  const failure = hasFailed ? { "error.type": "tool_error" } : {};
  return {
    ...{ traceId, spanId: hex(8), parentSpanId, traceState: "", flags: 1, kind },
    name: tool === undefined ? "POST" : `tools/call ${tool}`,
    start: { ms: startMs, nanos: 0 },
    end: { ms: startMs + durationMs, nanos: 0 },
    attributes: new Map(Object.entries({ ...attributes, ...failure })),
    status: { code: hasFailed ? 2 : 0, message: "" },
  };
}

interface Times {
  sendingMs: number;
  /** Either side's batch comes so much after the other's, at most. */
  delayMs: number;
  lateMs: number;
}

interface Timed {
  atMs: number;
  isLate: boolean;
  service: string;
  span: Span;
}

export function batchesOf(
  calls: readonly PairedCall[],
  times: Times,
  random: () => number,
): Batch[] {
  const timed = calls.flatMap((call) => timesOf(call, times, random));
  // A batch is sent when its first span is due: what is late stands in none with what is not.
  const kinds = Map.groupBy(timed, ({ service, isLate }) => `${service} ${isLate}`);
  const cutKinds = [...kinds.values()].flatMap((some) =>
    cut(
      some.sort((a, b) => a.atMs - b.atMs),
      random,
    ),
  );
  return cutKinds.map((some) => ({
    atMs: some[0]!.atMs,
    copies: random() < DOUBLED_SHARE ? 2 : 1,
    body: encodeTraces([resourceSpans(some[0]!.service, some)], "protobuf"),
  }));
}

/** Half of the delay each: a batch is sent when its first span is, and cut by number only. */
function timesOf(
  { fate, caller, server }: PairedCall,
  times: Times,
  random: () => number,
): Timed[] {
  const atMs = random() * times.sendingMs;
  const some = () => (random() * times.delayMs) / 2;
  const isLate = fate === "late";
  const serverMs = atMs + (isLate ? times.lateMs : 0);
  const sent = (service: string, span: Span, fromMs: number) => {
    return { atMs: fromMs + some(), isLate: isLate && service === "github", service, span };
  };
  return [
    ...caller.map((span) => sent("agent", span, atMs)),
    ...server.map((span) => sent("github", span, serverMs)),
  ];
}

function cut(timed: readonly Timed[], random: () => number): Timed[][] {
  const batches: Timed[][] = [];
  for (let at = 0; at < timed.length; ) {
    const size = 1 + Math.floor(random() * BATCH_SPANS_MAX);
    batches.push(timed.slice(at, at + size));
    at += size;
  }
  return batches;
}

function resourceSpans(service: string, timed: readonly Timed[]): ResourceSpans {
  const resource: Attributes = new Map([["service.name", service]]);
  const spans = timed.map(({ span }) => span);
  return { resource, scopeSpans: [{ scope: { name: "mcp", version: "1" }, spans }] };
}

export function truthOf(calls: readonly PairedCall[]) {
  const byServer = ({ fate }: PairedCall) => fate === "both" || fate === "server";
  const servers = calls.filter(byServer);
  return {
    calls: { agent: calls.length - servers.length, github: servers.length },
    // The caller's span tells of no failure.
    errors: { agent: 0, github: servers.filter(({ hasFailed }) => hasFailed).length },
    late: calls.filter(({ fate }) => fate === "late").length,
  };
}
